/* `lachan-district bundle …`: publishing, looking, staging, going back. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/words.h"
#include "district/admin.h"
#include "district/bundles.h"
#include "district/bundles_source.h"
#include "district/enrolments.h"

enum {
	PUBLISHER_BYTES = 64
};

/* What the options of a publication say. */
struct publishing {
	struct command *c;
	struct store *store;
	struct bundle_stage stage;
	struct buf units;
	uint64_t expires_ms; /* 0: as the file says */
	bool nominations;
	bool dry;
};

#define PUBLISHING(command) \
	((struct publishing){.c = (command), .units = BUF_INIT(BUNDLES_UNITS_MAX_BYTES)})

static bool take_stage(struct publishing *p)
{
	const char *word = "all";
	struct diag why = {.text = ""};

	if (!admin_take_value(p->c, "--stage", &word))
		return false;
	if (bundle_stage_read(&p->stage, word, &p->units, &why) == OK)
		return true;
	(void)admin_fail_why(&why, ERR_FORMAT);
	return false;
}

static bool take_expires(struct publishing *p)
{
	const char *word = NULL;

	if (!admin_take_value(p->c, "--expires", &word))
		return false;
	if (word == NULL)
		return true;
	if (text_to_duration_ms(slice_of(word), &p->expires_ms) && p->expires_ms >= 1000)
		return true;
	(void)admin_fail(_("--expires wants how long schools may take it, as 90d"));
	return false;
}

/* The actor of changes in the store: who runs us, as the record has it. */
static const char *actor(void)
{
	const char *name = getenv("SUDO_USER");

	if (name == NULL || *name == 0)
		name = getenv("USER");
	return name != NULL && *name != 0 ? name : "command";
}

static int fail_publication(const struct store *store, const struct diag *why, enum err rc)
{
	if (rc == ERR_EXISTS)
		return admin_fail(
		    _("somebody else published at this moment; look at `bundle list`, and "
		      "try again"));
	if (rc == ERR_FORMAT || why->text[0] != 0)
		return admin_fail_why(why, rc);
	return admin_fail_store(store, rc);
}

/* Schools are told of it when they enrol: the key, and the first name that was published. */
static enum err announce(struct store *store, const struct sign_key *key, const char *name)
{
	struct buf known = BUF_INIT(BUNDLE_NAME_MAX + 1);
	char text[SIGN_PUBLIC_TEXT];
	const struct sign_public public = sign_public_of(key);

	sign_public_text(text, &public);
	enum err rc = store_setting_put(store, ENROLMENTS_BUNDLE_KEY, text);
	if (rc == OK)
		rc = store_setting_get(store, BUNDLES_DEFAULT, &known);
	if (rc == ERR_NOT_FOUND)
		rc = store_setting_put(store, BUNDLES_DEFAULT, name);
	buf_deinit(&known);
	return rc;
}

/* Signs and stores; says what became of it. */
static int put_out(struct publishing *p, struct bundle *content, struct slice lists)
{
	struct sign_key key;
	struct diag why = {.text = ""};
	struct bundle_publication what = {.content = content,
	    .lists = lists,
	    .stage = p->stage,
	    .key = &key,
	    .now_s = p->c->now.wall_s};

	enum err rc = bundle_key_read(
	    &key, p->c->config->server.state_dir.text, BUNDLE_KEY_MADE, &why);
	if (rc != OK)
		return admin_fail_why(&why, rc);
	rc = bundles_publish(p->store, &what, &why);
	if (rc == OK)
		rc = announce(p->store, &key, content->name);
	sign_key_wipe(&key);
	if (rc != OK)
		return fail_publication(p->store, &why, rc);
	return ADMIN_DONE;
}

static void say_published(const struct publishing *p, const struct bundle *b)
{
	char expires[ADMIN_TIME_BYTES], stage[64];
	const struct bundle_row row = {
	    .reach = p->stage.reach, .percent = p->stage.percent};

	admin_time_text(expires, b->expires_s);
	bundle_stage_text(stage, &row);
	(void)printf(_("%s, serial %" PRIu64 ": published for %s, valid until %s\n"),
	    b->name, b->serial, stage, expires);
}

/* ---- publish ---- */

static void say_counts(const struct bundle_source *s)
{
	const struct bundle *b = &s->bundle;
	uint64_t names = 0;

	for (size_t i = 0; i < b->list_count; i++)
		names += b->lists[i].entries;
	(void)printf(
	    _("%" PRIu64 " names in %zu lists, %zu never-block names, %zu lists of "
	      "others; mandatory for %zu tiers\n"),
	    names, b->list_count, b->never_block_count, b->feed_count, b->mandatory_count);
	if (s->nominated_count > 0)
		(void)printf(_("nominations in it: %zu\n"), s->nominated_count);
	if (s->nominations_left_out > 0)
		(void)printf(
		    _("accepted nominations that are NOT in it: %zu (--with-nominations)\n"),
		    s->nominations_left_out);
}

static enum err mark_nominations(
    struct store *store, const struct bundle_source *s, int64_t now_s)
{
	enum err rc = OK;

	for (size_t i = 0; rc == OK && i < s->nominated_count; i++) {
		const struct bundle_nominated *one = &s->nominated[i];
		const struct paper_change change = {.kind = PAPER_NOMINATION,
		    .id = one->id,
		    .state = "published",
		    .by = actor(),
		    .note = one->note,
		    .now_s = now_s};
		if (strcmp(one->state, "published") != 0)
			rc = store_paper_change(store, &change);
	}
	return rc;
}

static int publish_source(struct publishing *p, struct bundle_source *s)
{
	struct bundle *b = &s->bundle;
	uint64_t valid_ms = p->expires_ms != 0 ? p->expires_ms : s->expires_ms;

	b->created_s = p->c->now.wall_s;
	b->expires_s = b->created_s + (int64_t)(valid_ms / 1000);
	say_counts(s);
	if (p->dry)
		return ADMIN_DONE;
	int status = put_out(p, b, buf_slice(&s->lists));
	if (status != ADMIN_DONE)
		return status;
	say_published(p, b);
	enum err rc = mark_nominations(p->store, s, p->c->now.wall_s);
	if (rc != OK)
		(void)admin_fail_store(p->store, rc); /* they are in it all the same */
	admin_record(p->c, "bundle-publish", b->name, "serial %" PRIu64 ", %zu nominations",
	    b->serial, s->nominated_count);
	return ADMIN_DONE;
}

static int publish(struct command *c)
{
	struct publishing p = PUBLISHING(c);
	struct bundle_source source = {.expires_ms = 0};
	struct diags mistakes = DIAGS_NONE;
	int status = ADMIN_FAILED;

	if (!take_stage(&p) || !take_expires(&p)) {
		buf_deinit(&p.units);
		return ADMIN_USAGE;
	}
	p.nominations = admin_take_flag(c, "--with-nominations");
	p.dry = admin_take_flag(c, "--dry-run");
	if (c->argc != 1 || admin_has_options(c)) {
		buf_deinit(&p.units);
		return ADMIN_USAGE;
	}
	enum err rc = bundle_source_read(&source, c, c->argv[0], &mistakes);
	if (rc != ERR_MEMORY && admin_open(c, &p.store)) {
		enum err more = rc == OK
		    ? bundle_source_nominations(&source, p.store, p.nominations, &mistakes)
		    : rc;
		diags_print(&mistakes, stderr);
		if (more == OK)
			status = publish_source(&p, &source);
		else if (more != ERR_CONFIG)
			status = admin_fail_store(p.store, more);
		store_close(p.store);
	} else if (rc == ERR_MEMORY) {
		(void)admin_fail("%s", err_text(rc));
	}
	bundle_source_deinit(&source);
	diags_deinit(&mistakes);
	buf_deinit(&p.units);
	return status;
}

/* ---- looking ---- */

static int list(struct command *c)
{
	struct bundle_rows *rows = calloc(1, sizeof *rows);
	struct store *store;

	if (rows == NULL || c->argc > 1 || admin_has_options(c) || !admin_open(c, &store)) {
		free(rows);
		return c->argc > 1 ? ADMIN_USAGE : ADMIN_FAILED;
	}
	enum err rc = bundles_list(store, c->argc == 1 ? c->argv[0] : NULL, rows);
	for (size_t i = 0; rc == OK && i < rows->count; i++) {
		const struct bundle_row *row = &rows->items[i];
		char made[ADMIN_TIME_BYTES], expires[ADMIN_TIME_BYTES], stage[64];
		admin_time_text(made, row->made_s);
		admin_time_text(expires, row->expires_s);
		bundle_stage_text(stage, row);
		(void)printf(_("%s  serial %" PRIu64 "  of %s  valid until %s%s  %s  %s\n"),
		    row->name, row->serial, made, expires,
		    row->expires_s <= c->now.wall_s ? _(" (EXPIRED)") : "", stage,
		    row->title);
	}
	if (rc == OK && rows->count == 0)
		(void)puts(_("nothing has been published yet"));
	int status = rc == OK ? ADMIN_DONE : admin_fail_store(store, rc);
	store_close(store);
	free(rows);
	return status;
}

/* The words NAME [SERIAL]; false: the usage is wrong. */
static bool read_words(const struct command *c, uint64_t *serial, int min)
{
	*serial = 0;
	return c->argc >= min && c->argc <= 2 && !admin_has_options(c) &&
	    (c->argc < 2 ||
	        (slice_to_u64(slice_of(c->argv[1]), BUNDLE_SERIAL_MAX, serial) &&
	            *serial > 0));
}

static int find(
    const struct command *c, struct store *store, uint64_t serial, struct bundle_row *out)
{
	enum err rc = bundles_find(store, c->argv[0], serial, out);

	if (rc == ERR_NOT_FOUND)
		return admin_fail(_("there is no such bundle (see `bundle list`)"));
	return rc == OK ? ADMIN_DONE : admin_fail_store(store, rc);
}

/* The text itself, as it was signed. */
static int show(struct command *c)
{
	struct buf text = BUF_INIT(BUNDLE_TEXT_MAX);
	struct diag why = {.text = ""};
	struct bundle_row row;
	struct store *store;
	uint64_t serial;

	if (!read_words(c, &serial, 1))
		return ADMIN_USAGE;
	if (!admin_open(c, &store))
		return ADMIN_FAILED;
	int status = find(c, store, serial, &row);
	if (status == ADMIN_DONE) {
		enum err rc = bundles_read_text(store, row.id, &text, &why);
		if (rc != OK)
			status = admin_fail_why(&why, rc);
		else
			(void)fwrite(text.ptr, 1, text.len, stdout);
	}
	store_close(store);
	buf_deinit(&text);
	return status;
}

static int print_key(struct command *c)
{
	struct sign_key key;
	struct diag why = {.text = ""};
	char text[SIGN_PUBLIC_TEXT];

	if (c->argc > 0)
		return ADMIN_USAGE;
	enum err rc =
	    bundle_key_read(&key, c->config->server.state_dir.text, BUNDLE_KEY_THERE, &why);
	if (rc != OK)
		return admin_fail_why(&why, rc);
	const struct sign_public public = sign_public_of(&key);
	sign_key_wipe(&key);
	sign_public_text(text, &public);
	(void)puts(text);
	return ADMIN_DONE;
}

/* ---- stages ---- */

static int set_stage(
    struct command *c, const struct bundle_stage *stage, uint64_t serial, const char *word)
{
	struct bundle_row row;
	struct store *store;

	if (!admin_open(c, &store))
		return ADMIN_FAILED;
	int status = find(c, store, serial, &row);
	enum err rc = OK;
	if (status == ADMIN_DONE)
		rc = bundles_stage(store, &row, stage, actor(), c->now.wall_s);
	if (rc == ERR_RANGE)
		status =
		    admin_fail(_("a stage only grows: who has it already is not sent an "
		                 "older one (`bundle rollback` is the way back)"));
	else if (rc != OK)
		status = admin_fail_store(store, rc);
	if (status == ADMIN_DONE) {
		(void)printf(_("%s, serial %" PRIu64 ": %s\n"), row.name, row.serial, word);
		admin_record(c, "bundle-stage", row.name, "serial %" PRIu64 ": %.100s",
		    row.serial, word);
	}
	store_close(store);
	return status;
}

static int stage(struct command *c)
{
	struct buf units = BUF_INIT(BUNDLES_UNITS_MAX_BYTES);
	struct diag why = {.text = ""};
	struct bundle_stage wanted;
	uint64_t serial = 0;
	int status;

	if (c->argc != 3)
		return ADMIN_USAGE;
	const char *word = c->argv[--c->argc];
	if (!read_words(c, &serial, 2))
		return ADMIN_USAGE;
	if (bundle_stage_read(&wanted, word, &units, &why) != OK)
		status = admin_fail_why(&why, ERR_FORMAT);
	else
		status = set_stage(c, &wanted, serial, word);
	buf_deinit(&units);
	return status;
}

/* Nobody new gets it; whoever has it keeps it until a newer one comes. */
static int withdraw(struct command *c)
{
	static const struct bundle_stage none = {REACH_NONE, 0, ""};
	uint64_t serial;

	return read_words(c, &serial, 2) ? set_stage(c, &none, serial, _("withdrawn"))
	                                 : ADMIN_USAGE;
}

/* ---- going back: an older content under a new serial ---- */

static int publish_again(
    struct publishing *p, const struct bundle_row *row, struct slice text)
{
	struct diag why = {.text = ""};
	struct bundle b;

	enum err rc = bundle_read(&b, text, &why);
	if (rc != OK)
		return admin_fail_why(&why, rc);
	int64_t valid_s = p->expires_ms != 0 ? (int64_t)(p->expires_ms / 1000)
	                                     : b.expires_s - b.created_s;
	struct slice lists = {text.ptr + b.manifest_bytes, text.len - b.manifest_bytes};
	b.created_s = p->c->now.wall_s;
	b.expires_s = b.created_s + valid_s;
	int status = put_out(p, &b, lists);
	if (status == ADMIN_DONE) {
		say_published(p, &b);
		admin_record(p->c, "bundle-rollback", b.name,
		    "serial %" PRIu64 " with the content of %" PRIu64, b.serial,
		    row->serial);
	}
	bundle_deinit(&b);
	return status;
}

static int rollback(struct command *c)
{
	struct publishing p = PUBLISHING(c);
	struct buf text = BUF_INIT(BUNDLE_TEXT_MAX);
	struct diag why = {.text = ""};
	struct bundle_row row;
	uint64_t serial;
	int status = ADMIN_USAGE;

	if (take_stage(&p) && take_expires(&p) && read_words(c, &serial, 2)) {
		status = ADMIN_FAILED;
		if (admin_open(c, &p.store)) {
			status = find(c, p.store, serial, &row);
			enum err rc = status == ADMIN_DONE
			    ? bundles_read_text(p.store, row.id, &text, &why)
			    : OK;
			if (rc != OK)
				status = admin_fail_why(&why, rc);
			else if (status == ADMIN_DONE)
				status = publish_again(&p, &row, buf_slice(&text));
			store_close(p.store);
		}
	}
	buf_deinit(&text);
	buf_deinit(&p.units);
	return status;
}

int bundles_command(struct command *c)
{
	static const struct {
		const char *word;
		int (*run)(struct command *c);
	} words[] = {{"publish", publish}, {"list", list}, {"show", show}, {"stage", stage},
	    {"rollback", rollback}, {"expire", withdraw}, {"key", print_key}};
	const char *word = c->argc > 0 ? c->argv[0] : "";

	for (size_t i = 0; i < COUNT_OF(words); i++) {
		if (strcmp(words[i].word, word) != 0)
			continue;
		c->argv++;
		c->argc--;
		return words[i].run(c);
	}
	return ADMIN_USAGE;
}
