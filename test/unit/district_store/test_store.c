/* Units, tokens, keys, papers, groups of changes, migrations: the same on both stores. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "databases.h"
#include "district/papers.h"
#include "district/store/sql.h"
#include "made.h"

static const struct unit school = {.unit = "thcs-kim-dong",
    .from = 20000,
    .name = "Trường THCS Kim Đồng",
    .level = "school",
    .code = "31117",
    .parent = "xa-01",
    .kinds = "lower_secondary",
    .contact = "a@b.example",
    .pupils = 640,
    .sends = true};

/* ---- units ---- */

struct listed {
	char text[2000];
};

static bool list_unit(void *context, const struct unit *u)
{
	struct listed *l = context;
	size_t len = strlen(l->text);
	char until[16] = "ever";

	if (u->until != DAY_FOREVER)
		(void)snprintf(until, sizeof until, "%d", u->until);
	(void)snprintf(l->text + len, sizeof l->text - len, "%s %d-%s %s>%s;", u->unit,
	    u->from, until, u->parent, u->successor);
	return true;
}

static void units_are(struct store *store, const char *expected)
{
	struct listed l = {""};
	assert_int_equal(store_unit_list(store, NULL, list_unit, &l), OK);
	assert_string_equal(l.text, expected);
}

static uint64_t revision(struct store *store)
{
	uint64_t n = 0;
	assert_int_equal(store_unit_revision(store, &n), OK);
	return n;
}

static void versions_of_a_unit_follow_one_another(void **state)
{
	struct store *store = databases_open();
	struct unit u = school;
	(void)state;

	assert_int_equal(store_unit_put(store, &u), OK);
	units_are(store, "thcs-kim-dong 20000-ever xa-01>;");
	uint64_t before = revision(store);
	u.from = 20100; /* as it is already: nothing changes */
	assert_int_equal(store_unit_put(store, &u), OK);
	assert_int_equal(revision(store), before);
	u.parent = "xa-02";
	assert_int_equal(store_unit_put(store, &u), OK);
	assert_true(revision(store) > before);
	units_are(
	    store, "thcs-kim-dong 20000-20100 xa-01>;thcs-kim-dong 20100-ever xa-02>;");
	u.from = 20050; /* between: up to where the next begins */
	u.parent = "xa-03";
	assert_int_equal(store_unit_put(store, &u), OK);
	units_are(store,
	    "thcs-kim-dong 20000-20050 xa-01>;thcs-kim-dong 20050-20100 xa-03>;"
	    "thcs-kim-dong 20100-ever xa-02>;");
	u.from = 20050; /* the same day: corrected in place */
	u.parent = "xa-04";
	assert_int_equal(store_unit_put(store, &u), OK);
	units_are(store,
	    "thcs-kim-dong 20000-20050 xa-01>;thcs-kim-dong 20050-20100 xa-04>;"
	    "thcs-kim-dong 20100-ever xa-02>;");
	store_close(store);
}

static void a_unit_ends_with_a_successor_and_never_in_a_circle(void **state)
{
	struct store *store = databases_open();
	struct unit u = school;
	(void)state;

	u.parent = "";
	for (const char *const *id = (const char *const[]){"a", "b", "c", NULL};
	     *id != NULL; id++) {
		u.unit = *id;
		assert_int_equal(store_unit_put(store, &u), OK);
	}
	assert_int_equal(store_unit_end(store, "a", 20200, "b"), OK);
	assert_int_equal(store_unit_end(store, "b", 20300, "c"), OK);
	assert_int_equal(store_unit_end(store, "c", 20400, "a"), ERR_RANGE);
	assert_int_equal(store_unit_end(store, "c", 20400, "c"), ERR_RANGE);
	assert_int_equal(store_unit_end(store, "c", 20400, "nobody"), ERR_NOT_FOUND);
	assert_int_equal(store_unit_end(store, "nobody", 20400, ""), ERR_NOT_FOUND);
	assert_int_equal(store_unit_end(store, "c", 19000, ""), ERR_NOT_FOUND);
	units_are(store, "a 20000-20200 >b;b 20000-20300 >c;c 20000-ever >;");
	u.unit = "b"; /* corrected later: the merge stays */
	u.from = 20000;
	u.pupils = 9;
	assert_int_equal(store_unit_put(store, &u), OK);
	u.from = 20250;
	u.pupils = 8;
	assert_int_equal(store_unit_put(store, &u), OK);
	units_are(
	    store, "a 20000-20200 >b;b 20000-20250 >;b 20250-20300 >c;c 20000-ever >;");
	assert_int_equal(store_unit_end(store, "c", 20400, ""), OK);
	u.unit = "a"; /* opened again */
	u.from = 20500;
	assert_int_equal(store_unit_put(store, &u), OK);
	units_are(store,
	    "a 20000-20200 >b;a 20500-ever >;b 20000-20250 >;b 20250-20300 >c;c 20000-20400 >;");
	store_close(store);
}

static void bad_units_are_refused(void **state)
{
	struct store *store = databases_open();
	char longer[STORE_TEXT_BYTES + 2];
	struct unit u = school;
	(void)state;

	u.unit = "a b";
	assert_int_equal(store_unit_put(store, &u), ERR_FORMAT);
	assert_true(store_why(store)[0] != 0);
	u.unit = "";
	assert_int_equal(store_unit_put(store, &u), ERR_FORMAT);
	u = school;
	u.parent = u.unit;
	assert_int_equal(store_unit_put(store, &u), ERR_RANGE);
	u = school;
	memset(longer, 'x', sizeof longer);
	longer[sizeof longer - 1] = 0;
	u.name = longer;
	assert_int_equal(store_unit_put(store, &u), ERR_RANGE);
	u = school;
	u.name = "'); DROP TABLE units; --";
	assert_int_equal(store_unit_put(store, &u), OK);
	units_are(store, "thcs-kim-dong 20000-ever xa-01>;");
	store_close(store);
}

/* ---- tokens, keys, enrolment ---- */

static struct token make_token(uint8_t first, enum token_use use)
{
	struct token t = {.use = use, .made_s = 100, .expires_s = 1000};
	t.sha256[0] = first;
	(void)snprintf(t.unit, sizeof t.unit, "school-1");
	(void)snprintf(t.note, sizeof t.note, "by hand");
	return t;
}

static bool count_token(void *context, const struct token *t)
{
	int *counts = context;
	counts[0]++;
	counts[1] += t->revoked_s != 0;
	return true;
}

static void tokens_are_found_and_revoked(void **state)
{
	struct store *store = databases_open();
	struct token t = make_token(1, TOKEN_SEND), found;
	int counts[2] = {0, 0};
	(void)state;

	assert_int_equal(store_token_put(store, &t), OK);
	assert_int_equal(store_token_put(store, &t), ERR_EXISTS);
	t.sha256[0] = 2;
	assert_int_equal(store_token_put(store, &t), OK);
	assert_int_equal(store_token_find(store, t.sha256, &found), OK);
	assert_string_equal(found.unit, "school-1");
	assert_string_equal(found.note, "by hand");
	assert_int_equal(found.expires_s, 1000);
	assert_int_equal(found.revoked_s, 0);
	t.sha256[0] = 9;
	assert_int_equal(store_token_find(store, t.sha256, &found), ERR_NOT_FOUND);
	assert_int_equal(
	    store_token_revoke(store, "school-1", t.sha256, 500), ERR_NOT_FOUND);
	t.sha256[0] = 1;
	assert_int_equal(store_token_revoke(store, "school-1", t.sha256, 500), OK);
	assert_int_equal(store_token_revoke(store, "school-1", NULL, 600), OK);
	assert_int_equal(store_token_find(store, t.sha256, &found), OK);
	assert_int_equal(found.revoked_s, 500); /* the first time stays */
	assert_int_equal(store_token_list(store, "school-1", count_token, counts), OK);
	assert_int_equal(counts[0], 2);
	assert_int_equal(counts[1], 2);
	assert_int_equal(store_token_revoke(store, "school-2", NULL, 600), ERR_NOT_FOUND);
	store_close(store);
}

static void a_revoked_key_stays_revoked(void **state)
{
	struct store *store = databases_open();
	uint8_t key[STORE_KEY_BYTES] = {7};
	struct unit_key found;
	(void)state;

	assert_int_equal(store_key_find(store, "school-1", key, &found), ERR_NOT_FOUND);
	assert_int_equal(store_key_pin(store, "school-1", key, "first", 100), OK);
	assert_int_equal(store_key_pin(store, "school-1", key, "again", 200), OK);
	assert_int_equal(store_key_find(store, "school-1", key, &found), OK);
	assert_int_equal(found.pinned_s, 100);
	assert_int_equal(store_key_find(store, "school-2", key, &found), ERR_NOT_FOUND);
	assert_int_equal(store_key_revoke(store, "school-1", key, 300), OK);
	assert_int_equal(store_key_pin(store, "school-1", key, "again", 400), ERR_DENIED);
	assert_int_equal(store_key_find(store, "school-1", key, &found), OK);
	assert_int_equal(found.revoked_s, 300);
	store_close(store);
}

static void one_token_enrols_one_key(void **state)
{
	struct store *store = databases_open();
	struct token t = make_token(3, TOKEN_ENROL), found;
	struct enrolment e = {.token_sha256 = {3},
	    .key = {11},
	    .bearer_sha256 = {101},
	    .note = "enrolled",
	    .now_s = 500};
	char unit[STORE_UNIT_BYTES] = "";
	struct unit_key key;
	(void)state;

	assert_int_equal(store_enrol(store, &e, unit), ERR_NOT_FOUND);
	assert_int_equal(store_token_put(store, &t), OK);
	assert_int_equal(store_enrol(store, &e, unit), OK);
	assert_string_equal(unit, "school-1");
	assert_int_equal(store_key_find(store, "school-1", e.key, &key), OK);
	assert_int_equal(store_token_find(store, e.bearer_sha256, &found), OK);
	assert_int_equal(found.use, TOKEN_SEND);
	e.bearer_sha256[0] =
	    102; /* a crash before the answer came: the same school again */
	assert_int_equal(store_enrol(store, &e, unit), OK);
	e.key[0] = 12; /* somebody who found the file */
	e.bearer_sha256[0] = 103;
	assert_int_equal(store_enrol(store, &e, unit), ERR_DENIED);
	assert_int_equal(store_token_find(store, e.bearer_sha256, &found), ERR_NOT_FOUND);
	assert_int_equal(store_key_find(store, "school-1", e.key, &key), ERR_NOT_FOUND);
	e.key[0] = 11;
	e.now_s = 1000;
	assert_int_equal(store_enrol(store, &e, unit), ERR_DENIED); /* expired */
	e.token_sha256[0] = 101; /* a bearer of documents enrols nobody */
	assert_int_equal(store_enrol(store, &e, unit), ERR_NOT_FOUND);
	store_close(store);
}

/* ---- papers ---- */

struct papers {
	char text[500];
	uint64_t version;
	size_t bytes;
};

static bool list_paper(void *context, const struct paper *p)
{
	struct papers *l = context;
	size_t len = strlen(l->text);
	(void)snprintf(l->text + len, sizeof l->text - len, "%s/%s/%s;", p->id, p->state,
	    p->changed_by);
	l->version = p->version;
	l->bytes += p->body.len;
	return true;
}

static void papers_are(
    struct store *store, const struct paper_query *q, const char *expected)
{
	struct papers l = {"", 0, 0};
	assert_int_equal(store_paper_list(store, q, list_paper, &l), OK);
	assert_string_equal(l.text, expected);
	assert_true(q->bodies == (l.bytes > 0) || expected[0] == 0);
}

static void papers_are_put_once_and_decided_once(void **state)
{
	struct store *store = databases_open();
	struct paper p = {.kind = PAPER_NOMINATION,
	    .id = "n1",
	    .unit = "school-1",
	    .state = "new",
	    .title = "xấu.example",
	    .category = "gambling",
	    .day = 20000,
	    .made_s = 1,
	    .sha256 = {1},
	    .body = SLICE_LIT("{\"name\":\"x\"}")};
	struct paper_query all = {.kind = PAPER_NOMINATION, .bodies = true};
	enum document_result result;
	(void)state;

	assert_int_equal(store_paper_put(store, &p, &result), OK);
	assert_int_equal(result, DOCUMENT_NEW);
	assert_int_equal(store_paper_put(store, &p, &result), OK);
	assert_int_equal(result, DOCUMENT_SAME);
	p.sha256[0] = 2;
	assert_int_equal(store_paper_put(store, &p, &result), OK);
	assert_int_equal(result, DOCUMENT_CONFLICT);
	p.id = "n2";
	p.unit = "";
	p.day = DAY_NONE;
	assert_int_equal(store_paper_put(store, &p, &result), OK);
	papers_are(store, &all, "n2/new/;n1/new/;");
	struct paper_change c = {.kind = PAPER_NOMINATION,
	    .id = "n1",
	    .version = 1,
	    .state = "accepted",
	    .by = "an",
	    .note = "",
	    .now_s = 5};
	assert_int_equal(store_paper_change(store, &c), OK);
	c.state = "refused"; /* another person, who saw it new */
	assert_int_equal(store_paper_change(store, &c), ERR_EXISTS);
	c.version = 0;
	c.id = "n3";
	assert_int_equal(store_paper_change(store, &c), ERR_NOT_FOUND);
	papers_are(store, &all, "n2/new/;n1/accepted/an;");
	struct paper_query some = {.kind = PAPER_NOMINATION,
	    .unit = "school-1",
	    .category = "gambling",
	    .limit = 5};
	papers_are(store, &some, "n1/accepted/an;");
	some.from = 20000;
	some.to = 20001;
	papers_are(store, &some, "n1/accepted/an;");
	some.from = some.to = 0;
	some.state = "new";
	papers_are(store, &some, "");
	struct paper_query one = {.kind = PAPER_NOMINATION, .skip = 1, .limit = 1};
	papers_are(store, &one, "n1/accepted/an;");
	assert_int_equal(store_paper_remove(store, PAPER_NOMINATION, "n1"), OK);
	assert_int_equal(store_paper_remove(store, PAPER_NOMINATION, "n1"), ERR_NOT_FOUND);
	one.kind = PAPER_BUNDLE;
	papers_are(store, &one, "");
	store_close(store);
}

static void settings_are_kept(void **state)
{
	struct store *store = databases_open();
	struct buf text = BUF_INIT(1000);
	(void)state;

	assert_int_equal(store_setting_get(store, "x", &text), ERR_NOT_FOUND);
	assert_int_equal(store_setting_put(store, "x", "một"), OK);
	assert_int_equal(store_setting_put(store, "x", "hai"), OK);
	assert_int_equal(store_setting_get(store, "x", &text), OK);
	assert_string_equal(buf_cstr(&text), "hai");
	assert_int_equal(store_setting_put(store, "x", NULL), OK);
	assert_int_equal(store_setting_get(store, "x", &text), ERR_NOT_FOUND);
	buf_deinit(&text);
	store_close(store);
}

/* ---- documents ---- */

struct seen_document {
	struct made *made;
	size_t count;
};

static bool see_document(void *context, const struct document_about *a)
{
	struct seen_document *s = context;

	assert_string_equal(a->unit, s->made->unit);
	assert_string_equal(a->report_id, s->made->document.report_id);
	assert_true(slice_equal(a->gzip, buf_slice(&s->made->gzip)));
	assert_memory_equal(a->sha256, s->made->sha256, STORE_SHA256_BYTES);
	s->count++;
	return true;
}

static void documents_come_back_as_they_came(void **state)
{
	struct store *store = databases_open();
	struct made_random r = {5};
	struct made m;
	(void)state;

	made_document(&m, &r, "school-1", 20500, REPORT_DAY, 1);
	made_store(store, &m, DOCUMENT_NEW);
	struct seen_document seen = {&m, 0};
	struct document_query q = {"school-1", 20400, 20600, true};
	assert_int_equal(store_document_list(store, &q, see_document, &seen), OK);
	q.unit = NULL;
	assert_int_equal(store_document_list(store, &q, see_document, &seen), OK);
	assert_int_equal(seen.count, 2);
	q.unit = "school-9";
	assert_int_equal(
	    store_document_list(store, &q, see_document, &seen), ERR_NOT_FOUND);
	made_deinit(&m);
	store_close(store);
}

static void documents_that_cannot_be_counted_are_refused(void **state)
{
	struct store *store = databases_open();
	struct made_random r = {5};
	enum document_result result;
	struct made m;
	(void)state;

	made_document(&m, &r, "school-1", 20500, REPORT_DAY, 1);
	struct document put = made_put(&m);
	put.unit = "a/b";
	assert_int_equal(store_document_put(store, &put, &result), ERR_FORMAT);
	put = made_put(&m);
	const char *start = m.document.start;
	m.document.start = "yesterday";
	assert_int_equal(store_document_put(store, &put, &result), ERR_FORMAT);
	m.document.start = m.document.end;
	assert_int_equal(store_document_put(store, &put, &result), ERR_FORMAT);
	m.document.start = start;
	uint64_t queries = m.document.queries;
	m.document.queries = UINT64_MAX;
	assert_int_equal(store_document_put(store, &put, &result), ERR_FORMAT);
	m.document.queries = queries;
	const char *category = m.document.records[0].category;
	m.document.records[0].category = "'; DELETE FROM units; --";
	assert_int_equal(store_document_put(store, &put, &result), ERR_FORMAT);
	m.document.records[0].category = category;
	assert_int_equal(store_check(store), OK);
	uint32_t number;
	assert_int_equal(store_unit_number(store, "school-1", &number), ERR_NOT_FOUND);
	made_store(store, &m, DOCUMENT_NEW);
	made_deinit(&m);
	store_close(store);
}

/* ---- groups of changes ---- */

static void a_group_is_all_or_nothing(void **state)
{
	struct store *store = databases_open();
	struct made_random r = {6};
	struct unit u = school;
	struct made m;
	(void)state;

	made_document(&m, &r, "thcs-kim-dong", 20500, REPORT_DAY, 1);
	assert_int_equal(store_begin(store), OK);
	assert_int_equal(store_begin(store), ERR_EXISTS);
	assert_int_equal(store_unit_put(store, &u), OK);
	made_store(store, &m, DOCUMENT_NEW);
	u.unit = "no good";
	assert_int_equal(store_unit_put(store, &u), ERR_FORMAT); /* of this one alone */
	store_rollback(store);
	units_are(store, "");
	assert_int_equal(store_begin(store), OK);
	assert_int_equal(store_unit_put(store, &school), OK);
	made_store(store, &m, DOCUMENT_NEW);
	assert_int_equal(store_commit(store), OK);
	assert_int_equal(store_commit(store), ERR_NOT_FOUND);
	units_are(store, "thcs-kim-dong 20000-ever xa-01>;");
	made_store(store, &m, DOCUMENT_SAME);
	assert_int_equal(store_check(store), OK);
	assert_int_equal(store_ping(store), OK);
	made_deinit(&m);
	store_close(store);
}

/* ---- migrations ---- */

static void open_sql(const char *where, struct sql **out)
{
	struct diag why;
	if (databases_kind() == DATABASE_SQLITE)
		assert_int_equal(sql_open_sqlite(out, where + strlen("sqlite:"), &why), OK);
#if LACHAN_POSTGRESQL
	else
		assert_int_equal(sql_open_postgresql(out, where, &why), OK);
#endif
}

static void a_newer_schema_is_refused(void **state)
{
	char where[WHERE_BYTES];
	struct diag why = {0};
	struct store *store = NULL;
	struct sql *sql = NULL;
	(void)state;

	databases_new(where);
	store_close(databases_open_again());
	open_sql(where, &sql);
	assert_int_equal(sql_script(sql, "UPDATE schema_version SET version = 99"), OK);
	sql_close(sql);
	assert_int_equal(store_open(&store, where, &why), ERR_UNSUPPORTED);
	assert_null(store);
	assert_non_null(strstr(why.text, "newer"));
}

static void a_strange_address_is_refused(void **state)
{
	struct diag why = {0};
	struct store *store = NULL;
	(void)state;

	assert_int_equal(store_open(&store, "mysql://x", &why), ERR_FORMAT);
	assert_int_equal(
	    store_open(&store, "sqlite:/nowhere/at/all/district.db", &why), ERR_IO);
	assert_true(why.text[0] != 0);
	assert_null(store);
}

static void a_server_that_was_restarted_is_found_again(void **state)
{
	struct made_random r = {8};
	struct made m;
	(void)state;

	if (databases_kind() != DATABASE_POSTGRESQL)
		skip();
	struct store *store = databases_open();
	assert_int_equal(store_unit_put(store, &school), OK);
	databases_restart_server();
	units_are(store, "thcs-kim-dong 20000-ever xa-01>;");
	databases_restart_server();
	made_document(&m, &r, "thcs-kim-dong", 20500, REPORT_DAY, 1);
	made_store(store, &m, DOCUMENT_NEW);
	assert_int_equal(store_begin(store), OK);
	databases_restart_server();
	struct unit u = school;
	u.from = 20700;
	u.parent = "xa-77";
	assert_int_equal(store_unit_put(store, &u), ERR_AGAIN); /* the group went with it */
	assert_int_equal(store_commit(store), ERR_AGAIN);
	assert_int_equal(store_unit_put(store, &u), OK);
	assert_int_equal(store_check(store), OK);
	made_deinit(&m);
	store_close(store);
}

/* PostgreSQL answers COMMIT with success and undoes all of it. */
static void what_was_committed_is_kept_or_said_to_be_lost(void **state)
{
	char where[WHERE_BYTES];
	struct sql *sql = NULL;
	int64_t kept = 0;

	(void)state;
	if (databases_kind() != DATABASE_POSTGRESQL)
		skip();
	databases_new(where);
	open_sql(where, &sql);
	assert_int_equal(sql_script(sql, "CREATE TABLE t (n BIGINT PRIMARY KEY)"), OK);
	assert_int_equal(sql_begin(sql, SQL_WRITE), OK);
	assert_int_equal(sql_script(sql, "INSERT INTO t VALUES (1)"), OK);
	assert_int_equal(sql_script(sql, "INSERT INTO t VALUES (1)"), ERR_EXISTS);
	assert_int_equal(sql_commit(sql), ERR_IO);
	assert_int_equal(sql_begin(sql, SQL_WRITE), OK);
	assert_int_equal(sql_script(sql, "INSERT INTO t VALUES (2)"), OK);
	assert_int_equal(sql_commit(sql), OK);
	assert_int_equal(
	    sql_one_number(sql, "SELECT CAST(SUM(n) AS BIGINT) FROM t", SQL_NO_ARGS, &kept),
	    OK);
	assert_int_equal(kept, 2);
	sql_close(sql);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(versions_of_a_unit_follow_one_another),
	    cmocka_unit_test(a_unit_ends_with_a_successor_and_never_in_a_circle),
	    cmocka_unit_test(bad_units_are_refused),
	    cmocka_unit_test(tokens_are_found_and_revoked),
	    cmocka_unit_test(a_revoked_key_stays_revoked),
	    cmocka_unit_test(one_token_enrols_one_key),
	    cmocka_unit_test(papers_are_put_once_and_decided_once),
	    cmocka_unit_test(settings_are_kept),
	    cmocka_unit_test(documents_come_back_as_they_came),
	    cmocka_unit_test(documents_that_cannot_be_counted_are_refused),
	    cmocka_unit_test(a_group_is_all_or_nothing),
	    cmocka_unit_test(what_was_committed_is_kept_or_said_to_be_lost),
	    cmocka_unit_test(a_newer_schema_is_refused),
	    cmocka_unit_test(a_strange_address_is_refused),
	    cmocka_unit_test(a_server_that_was_restarted_is_found_again),
	};

	return databases_run(tests, COUNT_OF(tests));
}
