/* `lachan-district token …`: who may join, and who may send. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>

#include <openssl/crypto.h>

#include "base/file.h"
#include "base/text.h"
#include "base/words.h"
#include "district/admin.h"
#include "district/bearer.h"
#include "district/enrolment_file.h"
#include "district/enrolments.h"
#include "district/papers.h"
#include "district/tree.h"
#include "district/units_table.h"
#include "kit/local_time.h"

/* Of an enrolment file: long enough for the post, short enough that a copy that was left lying
 * about ends by itself. */
#define ENROL_DAYS 30

enum {
	DAY_S = 24 * 60 * 60,
	BATCH = 100, /* files; the store is held for a batch of tokens at most */
	KEY_BYTES = 128,
	URL_BYTES = 256
};

/* What all files of a run have in common. */
struct making {
	struct command *c;
	struct store *store;
	struct buf ca;
	char url[URL_BYTES];
	char bundle_key[KEY_BYTES];
	int32_t last_day;
	int64_t expires_s; /* 0: never */
	const char *note;
	size_t made;
};

/* The last moment of a local day. */
static int64_t end_of_day(int32_t day)
{
	int64_t at = ((int64_t)day + 1) * DAY_S;

	return at - local_offset_s(NULL, at);
}

/* "30d", or a day, which counts whole. */
static bool read_expiry(struct making *m, const char *text, bool mandatory)
{
	int32_t today = admin_today(m->c);
	uint64_t ms;

	m->last_day = today + ENROL_DAYS;
	if (text == NULL && !mandatory)
		return true;
	if (text != NULL && !unit_day_read(slice_of(text), &m->last_day)) {
		if (!text_to_duration_ms(slice_of(text), &ms) || ms < DAY_S * 1000ULL) {
			(void)admin_fail(_(
			    "--expires wants a last day (2026-12-31) or days from now (30d)"));
			return false;
		}
		m->last_day = today + (int32_t)(ms / 1000 / DAY_S);
	}
	if (m->last_day < today || m->last_day >= DAY_FOREVER) {
		(void)admin_fail(_("--expires: that day is over already"));
		return false;
	}
	m->expires_s = end_of_day(m->last_day);
	return true;
}

static bool put_token(
    struct making *m, const char *unit, enum token_use use, char text[BEARER_TEXT_BYTES])
{
	struct token token = {
	    .use = use, .made_s = m->c->now.wall_s, .expires_s = m->expires_s};
	uint8_t random[BEARER_RANDOM_BYTES];

	if (getrandom(random, sizeof random, 0) != (ssize_t)sizeof random) {
		(void)admin_fail("%s", strerror(errno));
		return false;
	}
	bearer_make(text, random);
	OPENSSL_cleanse(random, sizeof random);
	(void)bearer_sha256(slice_of(text), token.sha256);
	(void)snprintf(token.unit, sizeof token.unit, "%s", unit);
	(void)snprintf(token.note, sizeof token.note, "%s", m->note);
	enum err rc = store_token_put(m->store, &token);
	if (rc != OK)
		(void)admin_fail_store(m->store, rc);
	return rc == OK;
}

/* ---- enrolment files ---- */

static bool url_of(
    struct making *m, const char *scheme, const struct config_endpoints *doors)
{
	char text[ADDR_TEXT_MAX];

	for (size_t i = 0; i < doors->count; i++) {
		const struct addr *at = &doors->items[i].addr;
		bool mine = strcmp(scheme, "https") == 0 || addr_is_loopback(at);
		if (!mine || addr_is_unspecified(at))
			continue;
		addr_to_text_port(text, at);
		(void)snprintf(m->url, sizeof m->url, "%s://%s", scheme, text);
		return true;
	}
	return false;
}

/* Without public_url: the address that is listened on, where it is one. A proxy's is not. */
static bool find_url(struct making *m)
{
	const struct district_config *config = m->c->config;

	if (config->server.public_url.text[0] != 0) {
		(void)snprintf(m->url, sizeof m->url, "%s", config->server.public_url.text);
		return true;
	}
	if (config->server.trusted_proxies.count == 0 &&
	    (url_of(m, "https", &config->server.listen_tls) ||
	        (config->server.listen_tls.count == 0 &&
	            url_of(m, "http", &config->server.listen)))) {
		(void)fprintf(stderr,
		    _("lachan-district: note: server.public_url is not set; the files say %s\n"),
		    m->url);
		return true;
	}
	(void)admin_fail(
	    _("server.public_url is not set in %s: schools would not know where to send"),
	    m->c->config_path);
	return false;
}

/* What every file says: whom to trust, where to send. */
static bool gather(struct making *m)
{
	const struct district_config *config = m->c->config;
	struct buf key = BUF_INIT(KEY_BYTES - 1);
	struct diag why = {.text = ""};

	if (!find_url(m))
		return false;
	if (config->server.public_ca.text[0] != 0) {
		enum err rc =
		    command_read_file(m->c, config->server.public_ca.text, &m->ca, &why);
		if (rc != OK) {
			(void)admin_fail_why(&why, rc);
			return false;
		}
	}
	enum err rc = store_setting_get(m->store, ENROLMENTS_BUNDLE_KEY, &key);
	if (rc == OK)
		(void)snprintf(m->bundle_key, sizeof m->bundle_key, "%s", buf_cstr(&key));
	buf_deinit(&key);
	if (rc != OK && rc != ERR_NOT_FOUND)
		(void)admin_fail_store(m->store, rc);
	return rc == OK || rc == ERR_NOT_FOUND;
}

static bool write_file(
    struct making *m, const struct tree_node *unit, const char *token, struct buf *out)
{
	char expires[DAY_TEXT_BYTES];

	day_write(expires, m->last_day);
	const struct enrolment_file file = {.unit = unit->unit,
	    .name = unit->name,
	    .url = m->url,
	    .ca = buf_cstr(&m->ca),
	    .token = token,
	    .expires = expires,
	    .bundle_key = m->bundle_key};
	enum err rc = enrolment_file_write(out, &file);
	if (rc != OK)
		(void)admin_fail("%s: %s", unit->unit, err_text(rc));
	return rc == OK;
}

/* `path` NULL: stdout. */
static bool make_file(
    struct making *m, const struct tree_node *unit, const char *path, const char *token)
{
	struct buf out = BUF_INIT(ENROLMENT_FILE_MAX);
	struct diag why = {.text = ""};
	bool done = write_file(m, unit, token, &out);

	if (done && path == NULL) {
		done = fwrite(out.ptr, 1, out.len, stdout) == out.len;
	} else if (done) {
		enum err rc = command_write_file(m->c, path, buf_slice(&out), 0600, &why);
		if (rc != OK)
			(void)admin_fail_why(&why, rc);
		done = rc == OK;
	}
	if (out.ptr != NULL)
		OPENSSL_cleanse(out.ptr, out.cap);
	buf_deinit(&out);
	m->made += done;
	return done;
}

static int make_one(struct making *m, const char *unit, const char *path)
{
	struct tree *tree = NULL;
	char token[BEARER_TEXT_BYTES];
	int status = ADMIN_FAILED;

	enum err rc = tree_load(m->store, admin_today(m->c), &tree);
	if (rc != OK)
		return admin_fail_store(m->store, rc);
	uint32_t node = tree_find(tree, unit);
	if (node == TREE_NONE || strcmp(tree_node(tree, node)->unit, unit) != 0)
		status =
		    admin_fail(_("%s is no unit that is known today (units list)"), unit);
	else if (put_token(m, unit, TOKEN_ENROL, token) &&
	    make_file(m, tree_node(tree, node), path, token))
		status = ADMIN_DONE;
	OPENSSL_cleanse(token, sizeof token);
	tree_release(tree);
	if (status == ADMIN_DONE)
		admin_record(m->c, "token-create", unit, "enrolment");
	return status;
}

/* ---- all schools ---- */

struct schools {
	struct making *m;
	const struct tree *tree;
	uint32_t *nodes;
	size_t count;
	bool again; /* those, too, that have a key */
	enum err rc;
};

static bool on_good_key(void *context, const struct unit_key *key)
{
	bool *found = context;

	*found = *found || key->revoked_s == 0;
	return !*found;
}

static bool on_school(void *context, uint32_t node)
{
	struct schools *s = context;
	const struct tree_node *unit = tree_node(s->tree, node);
	bool enrolled = false;

	if (!unit->sends)
		return true;
	if (!s->again)
		s->rc = store_key_list(s->m->store, unit->unit, on_good_key, &enrolled);
	if (s->rc == ERR_NOT_FOUND)
		s->rc = OK;
	if (s->rc == OK && !enrolled)
		s->nodes[s->count++] = node;
	return s->rc == OK;
}

static bool make_batch(
    const struct schools *s, size_t first, size_t end, const char *folder)
{
	char(*tokens)[BEARER_TEXT_BYTES] = calloc(BATCH, sizeof *tokens);
	struct making *m = s->m;
	char path[FILE_PATH_BYTES], name[STORE_UNIT_BYTES + 32];
	bool done = tokens != NULL && store_begin(m->store) == OK;

	for (size_t i = first; done && i < end; i++)
		done = put_token(m, tree_node(s->tree, s->nodes[i])->unit, TOKEN_ENROL,
		    tokens[i - first]);
	if (done) {
		enum err rc = store_commit(m->store);
		if (rc != OK)
			(void)admin_fail_store(m->store, rc);
		done = rc == OK;
	} else {
		store_rollback(m->store);
	}
	for (size_t i = first; done && i < end; i++) {
		const struct tree_node *unit = tree_node(s->tree, s->nodes[i]);
		(void)snprintf(name, sizeof name, "%s.enrolment.json", unit->unit);
		done = path_join(path, sizeof path, folder, name) == OK &&
		    make_file(m, unit, path, tokens[i - first]);
	}
	if (tokens != NULL)
		OPENSSL_cleanse(tokens, BATCH * sizeof *tokens);
	free(tokens);
	return done;
}

static int make_all_of(struct schools *s, const char *folder)
{
	for (size_t i = 0; i < s->count; i += BATCH) {
		size_t end = s->count - i < BATCH ? s->count : i + BATCH;
		if (!make_batch(s, i, end, folder))
			return admin_fail(
			    _("%zu of %zu files were written; the rest, once more, by the same "
			      "command"),
			    s->m->made, s->count);
	}
	(void)printf(
	    _("%zu files in %s; each is a key to a school's place: hand it over as "
	      "you would a password\n"),
	    s->count, folder);
	if (s->count > 0)
		admin_record(s->m->c, "token-create", "all", "%zu enrolments", s->count);
	return ADMIN_DONE;
}

static bool make_folder(struct command *c, const char *folder)
{
	bool made =
	    command_as_person(c) == OK && (mkdir(folder, 0700) == 0 || errno == EEXIST);
	int why = errno;

	if (command_as_user(c) == OK && made)
		return true;
	(void)admin_fail("%s: %s", folder, strerror(why));
	return false;
}

static int make_all(struct making *m, const char *folder, const char *below, bool again)
{
	struct tree *tree = NULL;
	enum err rc = tree_load(m->store, admin_today(m->c), &tree);

	if (rc != OK)
		return admin_fail_store(m->store, rc);
	struct schools s = {.m = m,
	    .tree = tree,
	    .nodes = calloc(tree_count(tree) + 1, sizeof *s.nodes),
	    .again = again};
	uint32_t top = below == NULL ? TREE_NONE : tree_find(tree, below);
	int status = ADMIN_FAILED;
	if (s.nodes == NULL) {
		status = admin_fail("%s", err_text(ERR_MEMORY));
	} else if (below != NULL && top == TREE_NONE) {
		status =
		    admin_fail(_("%s is no unit that is known today (units list)"), below);
	} else {
		tree_visit(tree, top, on_school, &s);
		if (s.rc != OK)
			status = admin_fail_store(m->store, s.rc);
		else if (make_folder(m->c, folder))
			status = make_all_of(&s, folder);
	}
	free(s.nodes);
	tree_release(tree);
	return status;
}

/* ---- partners ---- */

static int make_partner(struct making *m, const char *partner)
{
	char token[BEARER_TEXT_BYTES];

	if (!unit_id_is_sound(slice_of(partner)))
		return admin_fail(
		    _("'%s' cannot be a partner's name: 1 to 64 of A-Z, a-z, 0-9, "
		      "dot, dash and underscore"),
		    partner);
	if (!put_token(m, partner, TOKEN_PARTNER, token))
		return ADMIN_FAILED;
	(void)printf("%s\n", token);
	OPENSSL_cleanse(token, sizeof token);
	admin_record(m->c, "token-create", partner, "partner");
	return ADMIN_DONE;
}

struct wishes {
	const char *out, *expires, *all, *partner, *below, *note;
	bool again;
};

static int make(struct making *m, const struct wishes *w)
{
	if (w->partner != NULL)
		return read_expiry(m, w->expires, false) ? make_partner(m, w->partner)
		                                         : ADMIN_FAILED;
	if (!read_expiry(m, w->expires, true) || !gather(m))
		return ADMIN_FAILED;
	return w->all != NULL ? make_all(m, w->all, w->below, w->again)
	                      : make_one(m, m->c->argv[1], w->out);
}

static int create(struct command *c)
{
	struct making m = {.c = c, .ca = BUF_INIT(ENROLMENT_CA_MAX)};
	struct wishes w = {.note = ""};

	w.again = admin_take_flag(c, "--again");
	bool sound = admin_take_value(c, "--out", &w.out) &&
	    admin_take_value(c, "--expires", &w.expires) &&
	    admin_take_value(c, "--all", &w.all) &&
	    admin_take_value(c, "--below", &w.below) &&
	    admin_take_value(c, "--note", &w.note) &&
	    admin_take_value(c, "--partner", &w.partner) && !admin_has_options(c);
	int units = c->argc - 1;
	if (!sound || units + (w.all != NULL) + (w.partner != NULL) != 1)
		return ADMIN_USAGE;
	m.note = w.note;
	if (!admin_open(c, &m.store))
		return ADMIN_FAILED;
	int status = make(&m, &w);
	buf_deinit(&m.ca);
	store_close(m.store);
	return status;
}

/* ---- list and revoke ---- */

struct listing {
	int64_t now_s;
	const char *mark; /* of one token: the beginning of its name; NULL: all */
	struct token found;
	size_t count;
};

static const char *state_of(const struct token *t, int64_t now_s)
{
	if (t->revoked_s != 0)
		return _("revoked");
	if (t->expires_s != 0 && t->expires_s < now_s)
		return _("expired");
	if (t->use == TOKEN_ENROL && t->used_s != 0)
		return _("used");
	return _("good");
}

static const char *use_word(enum token_use use)
{
	switch (use) {
	case TOKEN_SEND:
		return "send";
	case TOKEN_ENROL:
		return "enrol";
	case TOKEN_PARTNER:
		return "partner";
	}
	return "";
}

static bool on_token(void *context, const struct token *t)
{
	struct listing *l = context;
	char mark[BEARER_MARK_BYTES], made[ADMIN_TIME_BYTES],
	    expires[ADMIN_TIME_BYTES] = "-";

	bearer_mark(mark, t->sha256);
	admin_time_text(made, t->made_s);
	if (t->expires_s != 0)
		admin_time_text(expires, t->expires_s - 1); /* the last moment */
	(void)printf("%s  %-7s  %-16s  %-16s  %-8s  %s  %s\n", mark, use_word(t->use), made,
	    expires, state_of(t, l->now_s), t->unit, t->note);
	l->count++;
	return true;
}

static int list(struct command *c)
{
	struct listing l = {.now_s = c->now.wall_s};
	struct store *store = NULL;

	if (c->argc > 2)
		return ADMIN_USAGE;
	if (!admin_open(c, &store))
		return ADMIN_FAILED;
	enum err rc =
	    store_token_list(store, c->argc == 2 ? c->argv[1] : NULL, on_token, &l);
	int status = rc == OK ? ADMIN_DONE : admin_fail_store(store, rc);
	if (rc == OK)
		(void)printf(_("%zu tokens\n"), l.count);
	store_close(store);
	return status;
}

static bool on_match(void *context, const struct token *t)
{
	struct listing *l = context;
	char mark[BEARER_MARK_BYTES];

	bearer_mark(mark, t->sha256);
	if (strncmp(mark, l->mark, strlen(l->mark)) == 0) {
		l->found = *t;
		l->count++;
	}
	return true;
}

static int revoke_in(struct command *c, struct store *store)
{
	const char *unit = c->argv[1];
	struct listing l = {.mark = c->argc == 3 ? c->argv[2] : NULL};
	enum err rc = OK;

	if (l.mark != NULL)
		rc = store_token_list(store, unit, on_match, &l);
	if (rc == OK && l.mark != NULL && l.count != 1)
		return admin_fail(_("%zu tokens of %s begin with %s (token list)"), l.count,
		    unit, l.mark);
	if (rc == OK)
		rc = store_token_revoke(
		    store, unit, l.mark != NULL ? l.found.sha256 : NULL, c->now.wall_s);
	if (rc == ERR_NOT_FOUND)
		return admin_fail(_("%s has no token"), unit);
	if (rc != OK)
		return admin_fail_store(store, rc);
	admin_record(c, "token-revoke", unit, "%s", l.mark != NULL ? l.mark : "all");
	(void)printf(_("%s: revoked; whoever shows it is refused from now on\n"), unit);
	return ADMIN_DONE;
}

static int revoke(struct command *c)
{
	struct store *store = NULL;

	if (c->argc < 2 || c->argc > 3 || admin_has_options(c))
		return ADMIN_USAGE;
	if (!admin_open(c, &store))
		return ADMIN_FAILED;
	int status = revoke_in(c, store);
	store_close(store);
	return status;
}

int admin_token(struct command *c)
{
	const char *verb = c->argc > 0 ? c->argv[0] : "";

	if (strcmp(verb, "create") == 0)
		return create(c);
	if (strcmp(verb, "list") == 0)
		return list(c);
	if (strcmp(verb, "revoke") == 0)
		return revoke(c);
	return ADMIN_USAGE;
}
