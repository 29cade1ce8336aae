#include "desk/quick.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/words.h"
#include "conf/config.h"
#include "desk/call.h"
#include "desk/filter.h"
#include "desk/identity.h"
#include "desk/reviews.h"
#include "desk/signing.h"
#include "kit/log.h"
#include "report/quick.h"
#include "spool/gzip.h"
#include "spool/spool.h"

#define WRITERS                                                      \
	(ACCOUNT_BIT(ACCOUNT_TEACHER) | ACCOUNT_BIT(ACCOUNT_ADMIN) | \
	    ACCOUNT_BIT(ACCOUNT_COUNSELLOR) | ACCOUNT_BIT(ACCOUNT_APPROVER))
#define MARK   "quick"
#define SUFFIX ".json.gz"

enum {
	DAY_BYTES = 32, /* room for any number */
	ID_BYTES = SPOOL_ID_BYTES
};

/* ---- the outbox ---- */

static enum err outbox_path(const struct desk *desk, char out[FILE_PATH_BYTES])
{
	return path_join(
	    out, FILE_PATH_BYTES, desk->config->server.state_dir.text, "outbox");
}

/* UNIT!quick!YYYYMMDD!ID.json.gz: no name of a summary, whose second part is a day. */
static bool parse_name(const char *name, uint32_t *day, char id[ID_BYTES])
{
	struct slice rest = slice_of(name);
	uint64_t number = 0;

	if (!slice_ends(rest, SLICE_LIT(SUFFIX)))
		return false;
	rest.len -= sizeof SUFFIX - 1;
	struct slice unit = slice_cut(&rest, '!');
	struct slice mark = slice_cut(&rest, '!');
	struct slice date = slice_cut(&rest, '!');
	if (unit.len == 0 || !slice_equal(mark, SLICE_LIT(MARK)) || date.len != 8 ||
	    !slice_to_u64(date, 99991231, &number) || rest.len != ID_BYTES - 1)
		return false;
	*day = (uint32_t)number;
	memcpy(id, rest.ptr, rest.len);
	id[rest.len] = '\0';
	return true;
}

/* Calls `take` for each quick report that waits, until it says false. ERR_IO: no folder. */
typedef bool quick_fn(void *context, const char *path, const char *name);

static enum err for_each(const struct desk *desk, quick_fn *take, void *context)
{
	char folder[FILE_PATH_BYTES];
	char path[FILE_PATH_BYTES];
	char id[ID_BYTES];
	uint32_t day;

	enum err rc = outbox_path(desk, folder);
	DIR *open = rc == OK ? opendir(folder) : NULL;
	const struct dirent *entry;
	bool more = true;

	if (open == NULL)
		return ERR_IO;
	while (more && (entry = readdir(open)) != NULL) {
		if (parse_name(entry->d_name, &day, id) &&
		    path_join(path, sizeof path, folder, entry->d_name) == OK)
			more = take(context, path, entry->d_name);
	}
	(void)closedir(open);
	return OK;
}

static bool count_one(void *context, const char *path UNUSED, const char *name UNUSED)
{
	++*(size_t *)context;
	return true;
}

/* ---- the document ---- */

/* A UUID of version 4 (RFC 9562 section 5.4). */
static enum err make_id(char out[ID_BYTES])
{
	uint8_t r[16];

	if (getrandom(r, sizeof r, 0) != (ssize_t)sizeof r)
		return ERR_IO;
	r[6] = (uint8_t)((r[6] & 0x0f) | 0x40);
	r[8] = (uint8_t)((r[8] & 0x3f) | 0x80);
	(void)snprintf(out, ID_BYTES,
	    "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", r[0],
	    r[1], r[2], r[3], r[4], r[5], r[6], r[7], r[8], r[9], r[10], r[11], r[12],
	    r[13], r[14], r[15]);
	return OK;
}

static void say_day(char out[DAY_BYTES], uint32_t day)
{
	(void)snprintf(out, DAY_BYTES, "%04u-%02u-%02u", (unsigned)(day / 10000),
	    (unsigned)(day / 100 % 100), (unsigned)(day % 100));
}

static const char *text_or_empty(const struct call *c, const char *key)
{
	const char *text = call_text(c, key);

	return text == NULL ? "" : text;
}

static enum err write_document(
    const struct call *c, const char *id, uint32_t today, struct buf *out)
{
	const struct config_school *school = &c->desk->config->school;
	char created[DAY_BYTES];
	const struct report_quick quick = {
	    .report_id = id,
	    .unit = school->unit.text,
	    .name = school->name.text,
	    .generator = "lachan " LACHAN_VERSION,
	    .created = created,
	    .kind = call_text(c, "kind"),
	    .tier = call_text(c, "tier"),
	    .date = call_text(c, "date"),
	    .measures = call_text(c, "measures"),
	    .referred_to = text_or_empty(c, "referred_to"),
	    .decided_by = call_text(c, "decided_by"),
	};

	say_day(created, today);
	return report_quick_encode(&quick, out);
}

static enum err publish(
    const struct desk *desk, const char *id, uint32_t today, struct slice text)
{
	const char *unit = desk->config->school.unit.text;
	struct buf packed = BUF_INIT(REPORT_QUICK_MAX_BYTES);
	char folder[FILE_PATH_BYTES];
	char name[SPOOL_NAME_BYTES];
	char path[FILE_PATH_BYTES];

	int n = snprintf(name, sizeof name, "%s!" MARK "!%08u!%s" SUFFIX,
	    *unit == 0 ? "unenrolled" : unit, (unsigned)today, id);
	enum err rc = n > 0 && (size_t)n < sizeof name ? OK : ERR_RANGE;
	if (rc == OK)
		rc = outbox_path(desk, folder);
	if (rc == OK && mkdir(folder, 0750) != 0 && errno != EEXIST)
		rc = ERR_IO;
	if (rc == OK)
		rc = path_join(path, sizeof path, folder, name);
	if (rc == OK)
		rc = gzip_pack(text, &packed);
	if (rc == OK)
		rc = file_write_atomic(path, buf_slice(&packed), 0640);
	buf_deinit(&packed);
	return rc;
}

static enum err make(struct call *c, char id[ID_BYTES])
{
	uint32_t today = reviews_day(desk_wall_s(), 0);
	struct buf text = BUF_INIT(REPORT_QUICK_MAX_BYTES);

	enum err rc = make_id(id);
	if (rc != OK)
		return rc;
	rc = write_document(c, id, today, &text);
	if (rc == OK)
		rc = publish(c->desk, id, today, buf_slice(&text));
	buf_deinit(&text);
	return rc;
}

/* ---- what may be written ---- */

static bool is_id(const char *text)
{
	size_t len = text == NULL ? 0 : strlen(text);

	return len > 0 && len <= 40 &&
	    strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_") == len;
}

static bool is_date(const char *text)
{
	struct slice rest = slice_of(text == NULL ? "" : text);
	uint64_t year = 0;
	uint64_t month = 0;
	uint64_t day = 0;

	return rest.len == 10 && slice_to_u64(slice_cut(&rest, '-'), 9999, &year) &&
	    slice_to_u64(slice_cut(&rest, '-'), 12, &month) &&
	    slice_to_u64(rest, 31, &day) && year >= 2020 && month > 0 && day > 0;
}

/* False: refused. The words name nobody, as far as a program can tell. */
static bool judge_text(struct call *c, const char *key, size_t max, bool wanted)
{
	const char *text = text_or_empty(c, key);
	enum identity found = identity_find(text);

	if (wanted && *text == 0)
		call_refuse(
		    c, WHY_FAILED, N_("something that a quick report needs is missing"));
	else if (strlen(text) > max)
		call_refuse(c, "too_long", N_("the text is too long"));
	else if (found != IDENTITY_NONE)
		call_refuse(c, "identity", identity_sentence(found));
	else
		return true;
	return false;
}

static bool judge(struct call *c)
{
	size_t index;
	size_t waiting = 0;
	const char *tier = call_text(c, "tier");

	if (!is_id(call_text(c, "kind")) || tier == NULL ||
	    !config_find_tier(c->desk->config, tier, &index) ||
	    !is_date(call_text(c, "date"))) {
		call_refuse(
		    c, WHY_FAILED, N_("a quick report has a kind, a level and a date"));
		return false;
	}
	if (!judge_text(c, "measures", REPORT_QUICK_LONG_BYTES, true) ||
	    !judge_text(c, "referred_to", REPORT_QUICK_SHORT_BYTES, false) ||
	    !judge_text(c, "decided_by", REPORT_QUICK_SHORT_BYTES, true))
		return false;
	if (for_each(c->desk, count_one, &waiting) == OK && waiting >= QUICK_WAITING_MAX) {
		call_refuse_for(c, "too_many", 60,
		    N_("too many quick reports wait to be sent already"));
		return false;
	}
	return true;
}

static void on_quick(struct call *c)
{
	const struct account *who = signing_require(c, WRITERS);
	char actor[SIGNING_ACTOR_BYTES];
	char id[ID_BYTES];

	if (who == NULL || !judge(c))
		return;
	enum err rc = make(c, id);
	if (rc != OK) {
		log_error("quick", "a quick report could not be kept: %s",
		    rc == ERR_IO ? strerror(errno) : err_text(rc));
		call_fail(c, rc);
		return;
	}
	signing_actor(actor, who, WRITERS);
	const struct filter_entry entry = {
	    .actor = actor, .action = "quick-report", .detail = id};
	filter_record(c->desk->filter, &entry);
	call_give(c, json_pack("{s:s}", "id", id));
}

/* ---- what waits ---- */

static bool list_one(void *context, const char *path, const char *name)
{
	struct stat s;
	char id[ID_BYTES];
	char date[DAY_BYTES];
	uint32_t day = 0;

	if (!parse_name(name, &day, id) || stat(path, &s) != 0)
		return true;
	say_day(date, day);
	(void)json_array_append_new(context,
	    json_pack("{s:s,s:s,s:s,s:I,s:s}", "id", id, "name", name, "date", date,
	        "bytes", (json_int_t)s.st_size, "state", "waiting"));
	return true;
}

static void on_list(struct call *c)
{
	json_t *files = json_array();

	(void)for_each(c->desk, list_one, files); /* no folder yet: nothing waits */
	call_give(c, json_pack("{s:o}", "files", files));
}

struct wanted {
	const char *id;
	char path[FILE_PATH_BYTES];
};

static bool find_one(void *context, const char *path, const char *name)
{
	struct wanted *w = context;
	char id[ID_BYTES];
	uint32_t day;

	if (!parse_name(name, &day, id) || strcmp(id, w->id) != 0)
		return true;
	(void)snprintf(w->path, sizeof w->path, "%s", path);
	return false;
}

static void on_show(struct call *c)
{
	struct wanted wanted = {.id = text_or_empty(c, "id")};
	struct buf packed = BUF_INIT(REPORT_QUICK_MAX_BYTES);
	struct buf text = BUF_INIT(REPORT_QUICK_MAX_BYTES);

	(void)for_each(c->desk, find_one, &wanted);
	if (wanted.path[0] == 0) {
		call_refuse(c, "unknown", N_("no quick report of this number waits"));
		return;
	}
	enum err rc = file_read(wanted.path, &packed);
	if (rc == OK)
		rc = gzip_unpack(buf_slice(&packed), REPORT_QUICK_MAX_BYTES, &text);
	if (rc == OK)
		call_give(c, json_pack("{s:s}", "document", buf_cstr(&text)));
	else
		call_fail(c, rc);
	buf_deinit(&packed);
	buf_deinit(&text);
}

/* What a crash left half-written. */
static enum err sweep(struct desk *desk, struct diag *why UNUSED)
{
	char folder[FILE_PATH_BYTES];
	DIR *open = outbox_path(desk, folder) == OK ? opendir(folder) : NULL;
	const struct dirent *entry;

	while (open != NULL && (entry = readdir(open)) != NULL) {
		if (strstr(entry->d_name, "!" MARK "!") != NULL &&
		    strstr(entry->d_name, SUFFIX ".tmp.") != NULL)
			(void)unlinkat(dirfd(open), entry->d_name, 0);
	}
	if (open != NULL)
		(void)closedir(open);
	return OK;
}

static const struct part_row FORMS_ROWS[] = {{"quick", on_quick}, {NULL, NULL}};
static const struct part_row DESK_ROWS[] = {
    {"quick-list", on_list}, {"quick-show", on_show}, {NULL, NULL}};

const struct part quick_part = {
    .name = "quick", .forms = FORMS_ROWS, .desk = DESK_ROWS, .open = sweep};
