#include "share/outbox.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "approvals/approvals.h"
#include "conf/config.h"
#include "kit/log.h"
#include "share/arrived.h"
#include "share/prepare.h"
#include "sharing/timing.h"

enum {
	FOLDER_MODE = 0750,
	FILE_MODE = 0640,
	DAY_S = 24 * 3600,
	FORGOTTEN_S = 3600,
	SENT_KEPT_DAYS = 730 /* 24 months */
};

static uint64_t draw_number(void)
{
	uint64_t r = 0;

	/* Spreads load only: without it schools merely knock together. */
	(void)!getrandom(&r, sizeof r, 0);
	return r;
}

/* ---- folders ---- */

static enum err make_folder(const char *path, struct diag *why)
{
	if (mkdir(path, FOLDER_MODE) == 0 || errno == EEXIST)
		return OK;
	diag_set(why, "%s: %s", path, strerror(errno));
	return ERR_IO;
}

static enum err make_folders(struct outbox *o, struct diag *why)
{
	const char *state_dir = o->config->server.state_dir.text;
	const struct config_recipients *all = &o->config->share.recipients;
	char path[FILE_PATH_BYTES];

	enum err rc = path_join(o->waiting, sizeof o->waiting, state_dir, "outbox");
	if (rc == OK)
		rc = path_join(o->sent, sizeof o->sent, state_dir, "sent");
	if (rc == OK)
		rc = path_join(
		    o->leaving_path, sizeof o->leaving_path, state_dir, "sharing/leaving");
	if (rc == OK)
		rc = path_join(
		    o->approvals_path, sizeof o->approvals_path, state_dir, APPROVALS_FILE);
	if (rc == OK)
		rc = make_folder(o->waiting, why);
	if (rc == OK)
		rc = make_folder(o->sent, why);
	for (size_t i = 0; rc == OK && i < all->count; i++) {
		rc = path_join(path, sizeof path, o->sent, all->items[i].name.text);
		if (rc == OK)
			rc = make_folder(path, why);
	}
	if (rc == ERR_RANGE)
		diag_set(why, "%s: the path is too long", state_dir);
	return rc;
}

/* A list that is torn is drawn anew. */
static void read_leaving(struct outbox *o)
{
	struct buf text = BUF_INIT(SHARING_LEAVING_MAX_BYTES);

	enum err rc = file_read(o->leaving_path, &text);
	if (rc == OK)
		rc = sharing_leaving_read(&o->leaving, buf_slice(&text));
	if (rc != OK && rc != ERR_NOT_FOUND)
		log_warn("share", "%s: %s; the moments are drawn anew", o->leaving_path,
		    err_text(rc));
	buf_deinit(&text);
}

static void save_leaving(struct outbox *o)
{
	struct buf text = BUF_INIT(SHARING_LEAVING_MAX_BYTES);

	sharing_leaving_write(&text, &o->leaving);
	enum err rc = buf_status(&text);
	if (rc == OK)
		rc = file_write_atomic(o->leaving_path, buf_slice(&text), 0640);
	if (rc != OK)
		log_warn("share", "%s: %s", o->leaving_path,
		    rc == ERR_IO ? strerror(errno) : err_text(rc));
	buf_deinit(&text);
}

enum err outbox_open(struct outbox *o, const struct config *config,
    const struct sign_key *key, struct diag *why)
{
	*o = (struct outbox){.config = config,
	    .key = key,
	    .draw = draw_number,
	    .leaving = SHARING_LEAVING_NONE};
	enum err rc = make_folders(o, why);
	if (rc == OK) {
		file_remove_leftovers(o->leaving_path);
		read_leaving(o);
	}
	return rc;
}

void outbox_close(struct outbox *o)
{
	free(o->entries);
	o->entries = NULL;
	o->count = 0;
	sharing_leaving_deinit(&o->leaving);
}

/* ---- one document ---- */

static uint32_t everybody(const struct outbox *o)
{
	return (uint32_t)((UINT64_C(1) << o->config->share.recipients.count) - 1);
}

static uint32_t who_is_done(const struct outbox *o, const char *name)
{
	const struct config_recipients *all = &o->config->share.recipients;
	uint32_t done = 0;

	for (size_t i = 0; i < all->count; i++) {
		struct sharing_standing found;
		if (sharing_look(&found, o->config->server.state_dir.text,
		        all->items[i].name.text, name) == OK &&
		    found.word != SHARING_WAITS)
			done |= UINT32_C(1) << i;
	}
	return done;
}

/* Someone's hold is of a report-id, and a new unit changes that: what is held stays as it is. */
static bool is_held(const struct outbox *o, const char *report_id)
{
	struct approvals all = APPROVALS_NONE;
	struct diag why = {.text = ""};

	if (approvals_read(&all, o->approvals_path, &why) != OK)
		return true;
	bool held = approvals_find(&all, APPROVAL_HELD, report_id) != NULL;
	approvals_deinit(&all);
	return held;
}

/* False: not an entry of ours any more. */
static bool make_ready(struct outbox *o, struct outbox_entry *e)
{
	const struct config_school *school = &o->config->school;
	struct diag why = {.text = ""};
	const struct prepare how = {.waiting = o->waiting,
	    .sent = o->sent,
	    .unit = school->unit.text,
	    .name = school->name.text,
	    .key = o->key,
	    .may_change = e->done == 0 && !is_held(o, e->document.report_id)};

	if (o->key == NULL || school->unit.text[0] == 0)
		return true;
	enum err rc = prepare_document(&how, &e->document, &why);
	if (rc == ERR_EXISTS)
		return false;
	e->ready = rc == OK;
	if (rc != OK && rc != ERR_DENIED)
		log_warn("share", "%s cannot be signed and stays: %s", e->document.name,
		    why.text[0] != 0 ? why.text : err_text(rc));
	return true;
}

/* Midnight behind the document's period, by the school's clock. */
static int64_t end_of(const struct sharing_document *d)
{
	struct tm day = {.tm_year = (int)(d->end_day / 10000) - 1900,
	    .tm_mon = (int)(d->end_day / 100 % 100) - 1,
	    .tm_mday = (int)(d->end_day % 100),
	    .tm_isdst = -1};

	return (int64_t)mktime(&day);
}

/* All late ones of a look share one draw, so that a backlog leaves oldest first. */
struct draws {
	uint64_t late;
	bool changed;
	int64_t now_s;
};

static void find_moment(struct outbox *o, struct outbox_entry *e, struct draws *draws)
{
	const struct config_share *share = &o->config->share;
	const struct sharing_moment *known =
	    sharing_leaving_find(&o->leaving, e->document.report_id);
	const struct sharing_leave how = {.day_end_s = end_of(&e->document),
	    .hold_s = share->hold_ms / 1000,
	    .delay_s = share->delay_ms / 1000,
	    .now_s = draws->now_s};

	/* A person wrote it, another one waits for it. */
	if (e->document.quick)
		return;
	if (o->forced) {
		e->leave_s = how.day_end_s + (int64_t)how.hold_s;
		return;
	}
	bool late = how.now_s > how.day_end_s + SHARING_SOON_S;
	bool missed = o->started && known != NULL && known->leave_s <= how.now_s;
	if (known != NULL && !(missed && late)) {
		e->leave_s = known->leave_s;
		return;
	}
	e->leave_s = sharing_leave_at(&how, late ? draws->late : o->draw());
	draws->changed = true;
	if (known != NULL)
		sharing_leaving_set(&o->leaving, e->document.report_id, e->leave_s);
	else if (sharing_leaving_add(&o->leaving, e->document.report_id, e->leave_s) != OK)
		log_warn(
		    "share", "%s: the moment it leaves cannot be kept", e->document.name);
}

/* ---- the look ---- */

/* Both lists are in one order: what was seen before is near where it was. */
static const struct outbox_entry *find_before(
    const struct outbox *o, size_t *hint, const char *name)
{
	for (size_t i = *hint; i < o->count; i++)
		if (strcmp(o->entries[i].document.name, name) == 0) {
			*hint = i + 1;
			return &o->entries[i];
		}
	return NULL;
}

/* Copied, then removed: under Landlock no file moves from one folder to another. Dying between the
 * two, the next look does both again. */
static void put_away(struct outbox *o, const struct outbox_entry *e)
{
	struct buf content = BUF_INIT(SPOOL_FILE_MAX);
	char from[FILE_PATH_BYTES], to[FILE_PATH_BYTES];

	enum err rc = path_join(from, sizeof from, o->waiting, e->document.name);
	if (rc == OK)
		rc = path_join(to, sizeof to, o->sent, e->document.name);
	if (rc == OK)
		rc = file_read(from, &content);
	if (rc == OK)
		rc = file_write_atomic(to, buf_slice(&content), FILE_MODE);
	if (rc == OK && unlink(from) != 0 && errno != ENOENT)
		rc = ERR_IO;
	if (rc == OK)
		rc = file_sync_folder(from);
	if (rc != OK && rc != ERR_NOT_FOUND)
		log_warn("share", "%s cannot be put into sent/: %s", e->document.name,
		    rc == ERR_IO ? strerror(errno) : err_text(rc));
	buf_deinit(&content);
}

static bool take(struct outbox *o, struct outbox_entry *e,
    const struct sharing_document *document, size_t *hint)
{
	const struct outbox_entry *before = find_before(o, hint, document->name);

	*e = (struct outbox_entry){.document = *document};
	e->done = before != NULL ? before->done : who_is_done(o, document->name);
	e->ready = before != NULL && before->ready;
	if (!e->ready && !make_ready(o, e))
		return false;
	/* Its name may have changed by then. */
	if (strcmp(e->document.name, document->name) != 0)
		e->done = who_is_done(o, e->document.name);
	if (e->ready && e->done == everybody(o) && e->done != 0) {
		put_away(o, e);
		return false;
	}
	return true;
}

static bool still_waits(void *context, const char *report_id)
{
	const struct outbox *o = context;

	for (size_t i = 0; i < o->count; i++)
		if (strcmp(o->entries[i].document.report_id, report_id) == 0)
			return true;
	return false;
}

enum err outbox_look(struct outbox *o, int64_t now_s)
{
	struct draws draws = {.late = o->draw(), .now_s = now_s};
	struct sharing_document *found = NULL;
	size_t count = 0, kept = 0, hint = 0;

	/* What was known of them is not true any more. */
	if (arrived_take(o->config, now_s))
		o->count = 0;
	enum err rc = sharing_documents(o->waiting, &found, &count);
	struct outbox_entry *entries = rc == OK ? calloc(count + 1, sizeof *entries) : NULL;
	if (rc == OK && entries == NULL)
		rc = ERR_MEMORY;
	for (size_t i = 0; rc == OK && i < count; i++)
		if (take(o, &entries[kept], &found[i], &hint))
			kept++;
	free(found);
	free(o->entries);
	o->entries = entries;
	o->count = kept;
	for (size_t i = 0; i < kept; i++)
		if (entries[i].ready)
			find_moment(o, &entries[i], &draws);
	o->started = false;
	size_t before = o->leaving.count;
	sharing_leaving_sweep(&o->leaving, still_waits, o);
	if (rc == OK && (draws.changed || before != o->leaving.count))
		save_leaving(o);
	return rc;
}

void outbox_done(struct outbox *o, struct outbox_entry *entry, size_t index)
{
	entry->done |= UINT32_C(1) << index;
	if (entry->done == everybody(o))
		put_away(o, entry);
}

enum err outbox_read(
    const struct outbox *o, const struct outbox_entry *entry, struct buf *out)
{
	char path[FILE_PATH_BYTES];

	enum err rc = path_join(path, sizeof path, o->waiting, entry->document.name);
	return rc == OK ? file_read(path, out) : rc;
}

/* ---- what is old ---- */

static uint32_t day_before(int64_t now_s, uint64_t days)
{
	time_t at = (time_t)(now_s - (int64_t)days * DAY_S);
	struct tm local;

	if (localtime_r(&at, &local) == NULL)
		return 0;
	return (uint32_t)(local.tm_year + 1900) * 10000 +
	    (uint32_t)(local.tm_mon + 1) * 100 + (uint32_t)local.tm_mday;
}

/* The document a file belongs to: itself, a receipt, or what a crash left of either. */
static bool document_of(struct sharing_document *out, const char *name)
{
	static const char *const ends[] = {".json.gz", ".refused.json", ".json"};
	char as_document[SPOOL_NAME_BYTES + 16];

	for (size_t i = 0; i < COUNT_OF(ends); i++) {
		const char *end = strstr(name, ends[i]);
		if (end == NULL)
			continue;
		int n = snprintf(as_document, sizeof as_document, "%.*s.json.gz",
		    (int)(end - name), name);
		return n > 0 && (size_t)n < sizeof as_document &&
		    sharing_document_parse(out, as_document);
	}
	return false;
}

/* outbox/ has other writers: what is half written there may be theirs, and of whole ones quick
 * reports alone are ours to count. */
enum prune_what {
	PRUNE_ALL,
	PRUNE_QUICK
};

/* Nobody writes for an hour. */
static bool is_forgotten(int folder, const char *name)
{
	struct stat st;

	return fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    time(NULL) - st.st_mtim.tv_sec > FORGOTTEN_S;
}

static void prune_folder(const char *folder, uint32_t keep_from_day, enum prune_what what)
{
	DIR *dir = opendir(folder);
	size_t removed = 0;

	for (struct dirent *e; dir != NULL && (e = readdir(dir)) != NULL;) {
		struct sharing_document document;
		if (!document_of(&document, e->d_name))
			continue;
		bool torn = strstr(e->d_name, ".tmp.") != NULL;
		bool old = document.end_day < keep_from_day;
		if (what == PRUNE_QUICK && !document.quick && !torn)
			continue;
		if (what == PRUNE_QUICK && torn && !is_forgotten(dirfd(dir), e->d_name))
			continue;
		if ((old || torn) && unlinkat(dirfd(dir), e->d_name, 0) == 0 && !torn)
			removed++;
	}
	if (dir != NULL)
		(void)closedir(dir);
	if (removed > 0)
		log_info("share", "%zu old files were removed from %s", removed, folder);
}

void outbox_prune(struct outbox *o, int64_t now_s)
{
	const struct config_share *share = &o->config->share;
	uint32_t sent_from = day_before(now_s, SENT_KEPT_DAYS);
	DIR *dir = opendir(o->sent);

	for (struct dirent *e; dir != NULL && (e = readdir(dir)) != NULL;) {
		char path[FILE_PATH_BYTES];
		if (e->d_name[0] != '.' && strchr(e->d_name, '!') == NULL &&
		    path_join(path, sizeof path, o->sent, e->d_name) == OK)
			prune_folder(path, sent_from, PRUNE_ALL);
	}
	if (dir != NULL)
		(void)closedir(dir);
	prune_folder(o->sent, sent_from, PRUNE_ALL);
	prune_folder(o->waiting, day_before(now_s, share->keep_unsent_ms / 1000 / DAY_S),
	    PRUNE_QUICK);
}
