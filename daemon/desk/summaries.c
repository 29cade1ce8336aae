#include "desk/summaries.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/words.h"
#include "conf/config.h"
#include "desk/call.h"
#include "desk/filter.h"
#include "kit/log.h"
#include "report/report.h"
#include "report/signed.h"
#include "sharing/receipts.h"
#include "spool/gzip.h"

#define OUTBOX "outbox"
#define SENT   "sent"

/* One document as people ask about it. */
struct looked {
	const struct sharing_document *document;
	bool is_signed;
	bool weekly;
	enum approvals_word word;
	json_t *sent;    /* names of recipients */
	json_t *refused; /* {"recipient","status","error"} */
};

enum err summaries_path(const struct desk *desk, char *out, size_t size, const char *name)
{
	return path_join(out, size, desk->config->server.state_dir.text, name);
}

enum err summaries_record(const struct desk *desk, struct approvals *out, struct diag *why)
{
	char path[FILE_PATH_BYTES];

	enum err rc = summaries_path(desk, path, sizeof path, APPROVALS_FILE);
	return rc == OK ? approvals_read(out, path, why) : rc;
}

static enum err list_folder(const struct desk *desk, const char *folder,
    struct sharing_document **out, size_t *count)
{
	char path[FILE_PATH_BYTES];

	*out = NULL;
	*count = 0;
	enum err rc = summaries_path(desk, path, sizeof path, folder);
	return rc == OK ? sharing_documents(path, out, count) : rc;
}

static enum err find_in(const struct desk *desk, const char *folder, const char *id,
    struct sharing_document *out)
{
	struct sharing_document *all;
	size_t count;

	enum err rc = list_folder(desk, folder, &all, &count);
	if (rc != OK)
		return rc;
	rc = ERR_NOT_FOUND;
	for (size_t i = 0; i < count && rc != OK; i++)
		if (strcmp(all[i].report_id, id) == 0) {
			*out = all[i];
			rc = OK;
		}
	free(all);
	return rc;
}

enum err summaries_find(
    const struct desk *desk, const char *id, struct sharing_document *out)
{
	return find_in(desk, OUTBOX, id, out);
}

/* ---- reading one ---- */

/* Appends the file as it is. */
static enum err read_packed(
    const struct desk *desk, const char *folder, const char *name, struct buf *out)
{
	char within[FILE_PATH_BYTES];
	char path[FILE_PATH_BYTES];

	enum err rc = path_join(within, sizeof within, folder, name);
	if (rc == OK)
		rc = summaries_path(desk, path, sizeof path, within);
	return rc == OK ? file_read(path, out) : rc;
}

static enum err read_text(
    const struct desk *desk, const char *folder, const char *name, struct buf *out)
{
	struct buf packed = BUF_INIT(SPOOL_FILE_MAX);

	enum err rc = read_packed(desk, folder, name, &packed);
	if (rc == OK)
		rc = gzip_unpack(buf_slice(&packed), SPOOL_DOCUMENT_MAX, out);
	buf_deinit(&packed);
	return rc;
}

enum err summaries_read(const struct desk *desk, const char *name, struct buf *out)
{
	struct sharing_document d;
	char file[SPOOL_NAME_BYTES];

	int n = snprintf(file, sizeof file, "%s.json.gz", name);
	if (n < 0 || (size_t)n >= sizeof file || !sharing_document_parse(&d, file))
		return ERR_NOT_FOUND;
	enum err rc = read_packed(desk, OUTBOX, file, out);
	return rc == ERR_NOT_FOUND ? read_packed(desk, SENT, file, out) : rc;
}

static bool text_is_signed(const struct buf *text)
{
	struct buf body = BUF_INIT(SPOOL_DOCUMENT_MAX);
	struct report_signature signature;
	bool is = report_split(buf_slice(text), &body, &signature, NULL) == OK;

	buf_deinit(&body);
	return is;
}

/* ---- how far it has come ---- */

static enum approvals_word judge(const struct desk *desk, const struct approvals *record,
    const struct sharing_document *d)
{
	static const enum approvals_rule rules[] = {[APPROVE_FIRST] = APPROVALS_FIRST,
	    [APPROVE_EACH] = APPROVALS_EACH,
	    [APPROVE_NEVER] = APPROVALS_NEVER};

	return approvals_judge(record, rules[desk->config->share.approve],
	    d->quick ? APPROVALS_QUICK : APPROVALS_SUMMARY, d->report_id);
}

static void look_at_recipients(const struct desk *desk, struct looked *l)
{
	const struct config_recipients *all = &desk->config->share.recipients;
	const char *state_dir = desk->config->server.state_dir.text;

	l->sent = json_array();
	l->refused = json_array();
	for (size_t i = 0; i < all->count; i++) {
		const char *name = all->items[i].name.text;
		struct sharing_standing s;
		if (sharing_look(&s, state_dir, name, l->document->name) != OK)
			continue;
		if (s.word == SHARING_WAS_TAKEN)
			(void)json_array_append_new(l->sent, json_string(name));
		else if (s.word == SHARING_WAS_REFUSED)
			(void)json_array_append_new(l->refused,
			    json_pack("{s:s,s:i,s:s}", "recipient", name, "status",
			        (int)s.status, "error", s.error));
	}
}

static const char *state_word(const struct looked *l, bool in_outbox)
{
	if (json_array_size(l->refused) > 0)
		return "refused";
	if (!in_outbox)
		return "sent";
	if (l->word == APPROVALS_STAYS)
		return "held";
	if (l->word == APPROVALS_WAITS)
		return "approval";
	return l->is_signed ? "waiting" : "unsigned";
}

static json_t *day_json(uint32_t day)
{
	return json_sprintf("%04u-%02u-%02u", (unsigned)(day / 10000),
	    (unsigned)(day / 100 % 100), (unsigned)(day % 100));
}

static json_t *to_json(const struct looked *l, bool in_outbox)
{
	const struct sharing_document *d = l->document;
	const char *kind = d->quick ? "quick" : l->weekly ? "week" : "day";

	return json_pack("{s:s,s:s,s:s,s:o,s:o,s:I,s:s,s:b,s:o,s:o}", "id", d->report_id,
	    "name", d->name, "kind", kind, "begin", day_json(d->begin_day), "end",
	    day_json(d->end_day), "bytes", (json_int_t)d->file_bytes, "state",
	    state_word(l, in_outbox), "signed", l->is_signed ? 1 : 0, "sent", l->sent,
	    "refused", l->refused);
}

static json_t *look(const struct desk *desk, const struct approvals *record,
    const struct sharing_document *d, const char *folder)
{
	struct looked l = {.document = d, .word = judge(desk, record, d)};
	struct buf text = BUF_INIT(SPOOL_DOCUMENT_MAX);

	/* What cannot be read is told as unsigned: it will not leave either. */
	if (read_text(desk, folder, d->name, &text) == OK) {
		l.is_signed = text_is_signed(&text);
		l.weekly = strstr(buf_cstr(&text), "\"cut\":\"week-sensitive\"") != NULL;
	}
	buf_deinit(&text);
	look_at_recipients(desk, &l);
	return to_json(&l, strcmp(folder, OUTBOX) == 0);
}

/* Adds the documents of a folder to `files`; returns how many had no room. */
static size_t add_folder(
    const struct call *c, const struct approvals *record, const char *folder, json_t *files)
{
	struct sharing_document *all;
	size_t count;
	size_t more = 0;

	if (list_folder(c->desk, folder, &all, &count) != OK)
		return 0;
	for (size_t i = 0; i < count; i++) {
		if (json_array_size(files) >= SUMMARIES_LIST_MAX)
			more++;
		else
			(void)json_array_append_new(
			    files, look(c->desk, record, &all[i], folder));
	}
	free(all);
	return more;
}

static void on_files(struct call *c)
{
	static const char *const rules[] = {
	    [APPROVE_FIRST] = "first", [APPROVE_EACH] = "each", [APPROVE_NEVER] = "never"};
	struct approvals record = APPROVALS_NONE;
	struct diag why = {.text = ""};
	json_t *files = json_array();
	bool damaged = summaries_record(c->desk, &record, &why) != OK;

	size_t more = add_folder(c, &record, OUTBOX, files);
	if (call_flag(c, "all"))
		more += add_folder(c, &record, SENT, files);
	call_give(c,
	    json_pack("{s:o,s:s,s:b,s:b,s:I}", "files", files, "approve",
	        rules[c->desk->config->share.approve], "first", record.first_s != 0,
	        "damaged", damaged ? 1 : 0, "more", (json_int_t)more));
	approvals_deinit(&record);
}

/* ---- one document ---- */

static void refuse_unknown(struct call *c)
{
	call_refuse(c, "unknown", N_("no summary of this number waits"));
}

static void on_show(struct call *c)
{
	const char *id = call_text(c, "id");
	struct buf text = BUF_INIT(SPOOL_DOCUMENT_MAX);
	struct sharing_document d;
	const char *folder = OUTBOX;

	enum err rc = id == NULL ? ERR_NOT_FOUND : find_in(c->desk, folder, id, &d);
	if (rc == ERR_NOT_FOUND && id != NULL) {
		folder = SENT;
		rc = find_in(c->desk, folder, id, &d);
	}
	if (rc == OK)
		rc = read_text(c->desk, folder, d.name, &text);
	if (rc == ERR_NOT_FOUND)
		refuse_unknown(c);
	else if (rc != OK)
		call_fail(c, rc);
	else
		call_give(c,
		    json_pack("{s:s,s:s%}", "name", d.name, "document", buf_cstr(&text),
		        text.len));
	buf_deinit(&text);
}

/* {"name","sha256","content"} */
static json_t *packed_json(const struct sharing_document *d, const struct buf *packed)
{
	uint8_t digest[EVP_MAX_MD_SIZE];
	char hex[REPORT_SHA256_BYTES];
	char *base64 = malloc(packed->len / 3 * 4 + 5);
	json_t *reply = NULL;

	if (base64 != NULL &&
	    EVP_Digest(packed->ptr, packed->len, digest, NULL, EVP_sha256(), NULL) == 1) {
		for (size_t i = 0; i < 32; i++)
			(void)snprintf(hex + 2 * i, 3, "%02x", digest[i]);
		(void)EVP_EncodeBlock((uint8_t *)base64, packed->ptr, (int)packed->len);
		reply = json_pack(
		    "{s:s,s:s,s:s}", "name", d->name, "sha256", hex, "content", base64);
	}
	free(base64);
	return reply;
}

/* Why a document must not leave by hand either; NULL: it may. */
static const char *stays_because(
    const struct call *c, const struct sharing_document *d, const struct buf *packed)
{
	struct approvals record = APPROVALS_NONE;
	struct buf text = BUF_INIT(SPOOL_DOCUMENT_MAX);
	struct diag why = {.text = ""};
	const char *because = NULL;

	if (summaries_record(c->desk, &record, &why) != OK)
		because = N_("the record of approvals is damaged, so nothing may leave");
	else if (judge(c->desk, &record, d) == APPROVALS_STAYS)
		because = N_("somebody holds this document");
	else if (judge(c->desk, &record, d) == APPROVALS_WAITS)
		because = N_("this document waits for an approver's yes");
	else if (gzip_unpack(buf_slice(packed), SPOOL_DOCUMENT_MAX, &text) != OK ||
	    !text_is_signed(&text))
		because =
		    N_("this document is not signed yet: the school has to be enrolled "
		       "first");
	approvals_deinit(&record);
	buf_deinit(&text);
	return because;
}

static void on_file(struct call *c)
{
	const char *id = call_text(c, "id");
	struct buf packed = BUF_INIT(SPOOL_FILE_MAX);
	struct sharing_document d;

	enum err rc = id == NULL ? ERR_NOT_FOUND : summaries_find(c->desk, id, &d);
	if (rc == OK)
		rc = read_packed(c->desk, OUTBOX, d.name, &packed);
	const char *because = rc == OK ? stays_because(c, &d, &packed) : NULL;
	if (rc == ERR_NOT_FOUND)
		refuse_unknown(c);
	else if (rc != OK)
		call_fail(c, rc);
	else if (because != NULL)
		call_refuse(c, "stays", because);
	else
		call_give(c, packed_json(&d, &packed));
	buf_deinit(&packed);
}

/* Without a supervisor lachan-share comes at its own time. */
static void on_asked(void *context UNUSED, const json_t *answer UNUSED)
{
}

void summaries_share_now(struct desk *desk)
{
	enum err rc = filter_ask(desk->summaries->supervisor,
	    json_pack("{s:s}", "command", "share-now"), on_asked, NULL);

	if (rc != OK)
		log_debug(
		    "summaries", "lachan-share starts by itself later: %s", err_text(rc));
}

static enum err open_part(struct desk *desk, struct diag *why UNUSED)
{
	struct desk_summaries *s = calloc(1, sizeof *s);
	char path[FILE_PATH_BYTES];

	if (s == NULL)
		return ERR_MEMORY;
	enum err rc = filter_open(
	    &s->supervisor, desk->base, desk->config->server.run_dir.text, "lachand.sock");
	if (rc != OK) {
		free(s);
		return rc;
	}
	desk->summaries = s;
	/* What a crash between begin and commit left of the record. */
	if (summaries_path(desk, path, sizeof path, APPROVALS_FILE) == OK)
		file_remove_leftovers(path);
	return OK;
}

static void close_part(struct desk *desk)
{
	filter_close(desk->summaries->supervisor);
	free(desk->summaries);
	desk->summaries = NULL;
}

static const struct part_row ROWS[] = {{"summary-files", on_files},
    {"summary-show", on_show}, {"summary-file", on_file},
    {"summary-approve", summaries_on_approve}, {"summary-hold", summaries_on_hold},
    {"summary-release", summaries_on_release}, {"summary-receipts", summaries_on_receipts},
    {NULL, NULL}};

const struct part summaries_part = {
    .name = "summaries", .desk = ROWS, .open = open_part, .close = close_part};
