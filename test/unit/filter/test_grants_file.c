#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "filter/grants_file.h"

static const struct moment NOON = {
    .mono_ms = 5000000, .wall_s = 1763766600, .wall_trusted = true};

static struct moment later(int64_t seconds)
{
	struct moment m = NOON;
	m.wall_s += seconds;
	m.mono_ms += (uint64_t)seconds * 1000;
	return m;
}

struct place {
	char folder[64];
	char path[96];
};

static int make_place(void **state)
{
	struct place *p = calloc(1, sizeof *p);

	(void)snprintf(p->folder, sizeof p->folder, "/tmp/lachan-grants-XXXXXX");
	if (mkdtemp(p->folder) == NULL)
		return -1;
	(void)snprintf(p->path, sizeof p->path, "%s/grants", p->folder);
	*state = p;
	return 0;
}

static int remove_place(void **state)
{
	struct place *p = *state;

	(void)unlink(p->path);
	(void)rmdir(p->folder);
	free(p);
	return 0;
}

static struct grants_file *open_at(const struct place *p, struct moment now)
{
	struct grants_file *f = NULL;
	struct diag why = {.text = ""};

	assert_int_equal(grants_file_open(&f, p->path, now, &why), OK);
	return f;
}

static struct grant_record grant(const char *name, int64_t for_s)
{
	struct grant_record g = {.scope = SCOPE_ALL, .made_s = NOON.wall_s};

	assert_int_equal(name_from_text(&g.name, slice_of(name), NULL), OK);
	g.until_s = for_s == 0 ? 0 : NOON.wall_s + for_s;
	return g;
}

static uint32_t add(struct grants_file *f, const char *name, int64_t for_s)
{
	struct grant_record g = grant(name, for_s);
	uint32_t id = 0;

	assert_int_equal(grants_file_add(f, &g, NOON, &id), OK);
	return id;
}

static size_t count_of(const struct grants_file *f)
{
	size_t count;
	(void)grants_file_items(f, &count);
	return count;
}

static void what_was_added_is_there_after_a_restart(void **state)
{
	const struct place *p = *state;
	struct grants_file *f = open_at(p, NOON);
	struct stat st;
	size_t count;

	uint32_t first = add(f, "a.example", 60);
	uint32_t second = add(f, "b.example", 0);
	assert_true(first != 0 && second > first);
	grants_file_close(f); /* no farewell is needed: kill -9 is the same */
	assert_int_equal(stat(p->path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	f = open_at(p, later(1));
	const struct grant_record *items = grants_file_items(f, &count);
	assert_int_equal(count, 2);
	assert_int_equal(items[0].id, first);
	assert_int_equal(items[1].id, second);
	assert_int_equal(grants_file_damaged(f), 0);
	grants_file_close(f);
}

static void an_id_is_never_given_twice(void **state)
{
	const struct place *p = *state;
	struct grants_file *f = open_at(p, NOON);
	uint32_t id = add(f, "a.example", 60);

	assert_int_equal(grants_file_remove(f, id, NULL), OK);
	assert_int_equal(grants_file_remove(f, id, NULL), ERR_NOT_FOUND);
	grants_file_close(f);
	f = open_at(p, NOON);
	assert_int_equal(count_of(f), 0);
	assert_true(add(f, "a.example", 60) > id);
	grants_file_close(f);
}

static void the_later_word_about_the_same_name_and_asker_counts(void **state)
{
	struct grants_file *f = open_at(*state, NOON);
	struct grant_record deny = grant("a.example", 30);
	struct grant_record tier = grant("a.example", 30);
	uint32_t id;
	size_t count;

	(void)add(f, "a.example", 60);
	deny.deny = true;
	assert_int_equal(grants_file_add(f, &deny, NOON, &id), OK);
	const struct grant_record *items = grants_file_items(f, &count);
	assert_int_equal(count, 1);
	assert_int_equal(items[0].id, id);
	assert_true(items[0].deny);
	/* For another asker it is another grant. */
	tier.scope = SCOPE_TIER;
	(void)snprintf(tier.who, sizeof tier.who, "staff");
	assert_int_equal(grants_file_add(f, &tier, NOON, &id), OK);
	assert_int_equal(count_of(f), 2);
	grants_file_close(f);
}

static void grants_end_by_themselves_and_leave_the_file(void **state)
{
	const struct place *p = *state;
	struct grants_file *f = open_at(p, NOON);

	(void)add(f, "a.example", 60);
	(void)add(f, "b.example", 120);
	(void)add(f, "c.example", 0);
	assert_true(grants_file_next_end_ms(f, later(10)) == later(60).mono_ms);
	assert_false(grants_file_expire(f, later(59)));
	assert_true(grants_file_expire(f, later(60)));
	assert_int_equal(count_of(f), 2);
	assert_true(grants_file_next_end_ms(f, later(60)) == later(120).mono_ms);
	grants_file_close(f);
	f = open_at(p, later(61));
	assert_int_equal(count_of(f), 2);
	assert_true(grants_file_expire(f, later(500)));
	assert_int_equal(count_of(f), 1);
	assert_true(grants_file_next_end_ms(f, later(500)) == UINT64_MAX);
	grants_file_close(f);
}

static void a_clock_put_back_lets_no_grant_live_longer(void **state)
{
	const struct place *p = *state;
	struct grants_file *f = open_at(p, NOON);
	struct moment back = later(10);

	(void)add(f, "a.example", 60);
	back.wall_s -= 86400;
	assert_false(grants_file_expire(f, back));
	assert_true(grants_file_next_end_ms(f, back) == back.mono_ms + 50000);
	back.mono_ms += 50000;
	assert_true(grants_file_expire(f, back));
	grants_file_close(f);
	/* The same after a restart under a clock that is behind. */
	f = open_at(p, NOON);
	(void)add(f, "a.example", 60);
	grants_file_close(f);
	back = (struct moment){.mono_ms = 1000, .wall_s = 86400, .wall_trusted = false};
	f = open_at(p, back);
	assert_int_equal(count_of(f), 1);
	back.mono_ms += 59999;
	assert_false(grants_file_expire(f, back));
	back.mono_ms += 1;
	assert_true(grants_file_expire(f, back));
	grants_file_close(f);
}

static void an_untrusted_calendar_ends_nothing(void **state)
{
	struct grants_file *f = open_at(*state, NOON);
	struct moment odd = later(10);

	(void)add(f, "a.example", 60);
	odd.wall_s += 86400;
	odd.wall_trusted = false;
	assert_false(grants_file_expire(f, odd));
	odd.wall_trusted = true;
	assert_true(grants_file_expire(f, odd));
	grants_file_close(f);
}

static void write_raw(const struct place *p, struct slice bytes)
{
	assert_int_equal(file_write_atomic(p->path, bytes, 0600), OK);
}

static void a_file_torn_at_any_octet_keeps_its_whole_lines(void **state)
{
	const struct place *p = *state;
	struct grants_file *f = open_at(p, NOON);
	struct buf whole = BUF_INIT(1 << 20);

	for (int i = 0; i < 3; i++) {
		char name[32];
		(void)snprintf(name, sizeof name, "n%d.example", i);
		(void)add(f, name, 0);
	}
	grants_file_close(f);
	assert_int_equal(file_read(p->path, &whole), OK);
	for (size_t len = 0; len <= whole.len; len++) {
		size_t lines = 0;
		for (size_t i = 0; i < len; i++)
			lines += whole.ptr[i] == '\n' ? 1 : 0;
		bool torn = len > 0 && whole.ptr[len - 1] != '\n';
		write_raw(p, (struct slice){whole.ptr, len});
		f = open_at(p, NOON);
		assert_int_equal(count_of(f), lines > 0 ? lines - 1 : 0);
		assert_int_equal(grants_file_damaged(f), torn ? 1 : 0);
		if (len % 16 != 0) {
			grants_file_close(f);
			continue;
		}
		/* It goes on, and the next write heals the file. */
		(void)add(f, "fresh.example", 0);
		size_t count = count_of(f);
		grants_file_close(f);
		f = open_at(p, NOON);
		assert_int_equal(grants_file_damaged(f), 0);
		assert_int_equal(count_of(f), count);
		grants_file_close(f);
	}
	buf_deinit(&whole);
}

static void a_damaged_line_costs_that_line(void **state)
{
	const struct place *p = *state;
	struct grants_file *f = open_at(p, NOON);
	struct buf whole = BUF_INIT(1 << 20);

	for (int i = 0; i < 3; i++) {
		char name[32];
		(void)snprintf(name, sizeof name, "n%d.example", i);
		(void)add(f, name, 0);
	}
	grants_file_close(f);
	assert_int_equal(file_read(p->path, &whole), OK);
	/* A changed octet, wherever it stands, costs one line (two where it joined or split
	 * them), and no id is given twice. */
	for (size_t i = 0; i < whole.len; i++) {
		uint8_t before = whole.ptr[i];
		whole.ptr[i] = before == 'x' ? 'y' : 'x';
		write_raw(p, buf_slice(&whole));
		whole.ptr[i] = before;
		f = open_at(p, NOON);
		assert_true(grants_file_damaged(f) >= 1);
		assert_true(count_of(f) >= 1);
		if (i % 16 == 0)
			assert_true(add(f, "fresh.example", 0) >= 3);
		grants_file_close(f);
	}
	buf_deinit(&whole);
}

static void a_thousand_is_the_ceiling(void **state)
{
	const struct place *p = *state;
	struct grant_record g = grant("one-more.example", 60);
	struct buf text = BUF_INIT(4 << 20);
	uint32_t id;

	assert_int_equal(grants_text_write_head(&text, 2000), OK);
	for (int i = 0; i < GRANTS_MAX + 1; i++) {
		char name[32];
		(void)snprintf(name, sizeof name, "n%d.example", i);
		struct grant_record one = grant(name, 0);
		one.id = (uint32_t)i + 1;
		assert_int_equal(grants_text_write(&text, &one), OK);
	}
	write_raw(p, buf_slice(&text));
	buf_deinit(&text);
	struct grants_file *f = open_at(p, NOON);
	assert_int_equal(count_of(f), GRANTS_MAX);
	assert_int_equal(grants_file_damaged(f), 1);
	assert_int_equal(grants_file_add(f, &g, NOON, &id), ERR_FULL);
	assert_true(add(f, "n7.example", 0) == 2000); /* in place of itself */
	assert_int_equal(count_of(f), GRANTS_MAX);
	grants_file_close(f);
}

static void what_cannot_be_written_does_not_count(void **state)
{
	struct place *p = *state;
	struct grants_file *f = open_at(p, NOON);
	struct grant_record g = grant("b.example", 60);
	uint32_t id = add(f, "a.example", 60);
	uint32_t other;
	char away[96];

	(void)snprintf(away, sizeof away, "%s.away", p->folder);
	assert_int_equal(rename(p->folder, away), 0);
	assert_int_equal(grants_file_add(f, &g, NOON, &other), ERR_IO);
	assert_int_equal(grants_file_remove(f, id, NULL), ERR_IO);
	assert_int_equal(count_of(f), 1);
	/* An end is an end, written or not. */
	assert_true(grants_file_expire(f, later(60)));
	assert_int_equal(count_of(f), 0);
	assert_int_equal(rename(away, p->folder), 0);
	grants_file_close(f);
}

static void a_file_that_cannot_be_read_is_never_overwritten(void **state)
{
	const struct place *p = *state;
	struct grants_file *f = NULL;
	struct diag why = {.text = ""};

	assert_int_equal(mkdir(p->path, 0700), 0);
	assert_int_not_equal(grants_file_open(&f, p->path, NOON, &why), OK);
	assert_null(f);
	assert_true(why.text[0] != 0);
	assert_int_equal(rmdir(p->path), 0);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, make_place, remove_place)
	const struct CMUnitTest tests[] = {
	    T(what_was_added_is_there_after_a_restart),
	    T(an_id_is_never_given_twice),
	    T(the_later_word_about_the_same_name_and_asker_counts),
	    T(grants_end_by_themselves_and_leave_the_file),
	    T(a_clock_put_back_lets_no_grant_live_longer),
	    T(an_untrusted_calendar_ends_nothing),
	    T(a_file_torn_at_any_octet_keeps_its_whole_lines),
	    T(a_damaged_line_costs_that_line),
	    T(a_thousand_is_the_ceiling),
	    T(what_cannot_be_written_does_not_count),
	    T(a_file_that_cannot_be_read_is_never_overwritten),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
