/* Receipts that came back on a USB stick. Each is checked against the document it speaks of
 * and laid down in state_dir/sharing/arrived/REPORT-ID!RECIPIENT.json, one object on one line:
 *
 *	{"format":"lachan-receipt","name","recipient","report-id","sha256","status","time","department","error"}
 *
 * lachan-share takes it from there, removes it, and marks the document as delivered. */
#include <errno.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/words.h"
#include "conf/config.h"
#include "desk/call.h"
#include "desk/filter.h"
#include "desk/summaries.h"
#include "kit/json_memory.h"
#include "kit/log.h"
#include "sharing/receipts.h"

#define ARRIVED "sharing/arrived"

enum {
	SHA256_BYTES = 65, /* in hex, with the NUL */
	RECEIPTS_MAX = 1000,
	DETAIL_BYTES = 80
};

static const char *text(const json_t *object, const char *key)
{
	const char *value = json_string_value(json_object_get(object, key));

	return value != NULL ? value : "";
}

/* Whom the receipts are of: the one that was named, or the only one there is. */
static const char *recipient_of(const struct call *c)
{
	const struct config_recipients *all = &c->desk->config->share.recipients;
	const char *named = call_text(c, "recipient");

	if (named == NULL)
		return all->count == 1 ? all->items[0].name.text : NULL;
	for (size_t i = 0; i < all->count; i++)
		if (strcmp(all->items[i].name.text, named) == 0)
			return all->items[i].name.text;
	return NULL;
}

static bool digest(char out[SHA256_BYTES], const struct buf *bytes)
{
	uint8_t sum[EVP_MAX_MD_SIZE];

	if (EVP_Digest(bytes->ptr, bytes->len, sum, NULL, EVP_sha256(), NULL) != 1)
		return false;
	for (size_t i = 0; i < 32; i++)
		(void)snprintf(out + 2 * i, 3, "%02x", sum[i]);
	return true;
}

static bool is_taken(json_int_t status)
{
	return status == 200 || status == 201;
}

static bool is_final(json_int_t status)
{
	return is_taken(status) || status == 400 || status == 409 || status == 413 ||
	    status == 422;
}

/* Why this receipt says nothing about a document of ours; NULL: it does. */
static const char *judge(
    const struct call *c, const char *name, const json_t *receipt, json_int_t status)
{
	struct buf packed = BUF_INIT(SPOOL_FILE_MAX);
	char sum[SHA256_BYTES] = "";
	const char *why = NULL;

	if (strcmp(text(receipt, "format"), "lachan-receipt") != 0)
		why = N_("this is no receipt");
	else if (!is_final(status))
		why = N_("this is no receipt");
	else if (summaries_read(c->desk, name, &packed) != OK || !digest(sum, &packed))
		why = N_("there is no such document here");
	else if (strcmp(sum, text(receipt, "sha256")) != 0)
		why = N_("the receipt is of other bytes");
	buf_deinit(&packed);
	return why;
}

static enum err lay_down(const struct call *c, const char *report_id, const json_t *receipt)
{
	char folder[FILE_PATH_BYTES], within[FILE_PATH_BYTES], path[FILE_PATH_BYTES];
	char *line = json_dumps(receipt, JSON_COMPACT);
	enum err rc = line == NULL ? ERR_MEMORY : OK;

	int n = snprintf(within, sizeof within, ARRIVED "/%s!%s.json", report_id,
	    text(receipt, "recipient"));
	if (rc == OK && (n < 0 || (size_t)n >= sizeof within))
		rc = ERR_RANGE;
	if (rc == OK)
		rc = summaries_path(c->desk, folder, sizeof folder, "sharing");
	if (rc == OK)
		(void)mkdir(folder, 0750); /* what goes wrong, the next ones tell */
	if (rc == OK)
		rc = summaries_path(c->desk, folder, sizeof folder, ARRIVED);
	if (rc == OK && mkdir(folder, 0750) != 0 && errno != EEXIST)
		rc = ERR_IO;
	if (rc == OK)
		rc = summaries_path(c->desk, path, sizeof path, within);
	if (rc == OK)
		rc = file_write_atomic(path, slice_of(line), 0640);
	json_memory_free(line);
	return rc;
}

/* One of the request's receipts; why it was refused, or NULL. */
static const char *take(const struct call *c, const char *recipient, const json_t *one)
{
	const json_t *receipt = json_object_get(one, "receipt");
	const char *name = text(one, "name");
	json_int_t status = json_integer_value(json_object_get(receipt, "status"));
	struct sharing_document d;
	char file[SPOOL_NAME_BYTES];

	const char *why = judge(c, name, receipt, status);
	if (why != NULL)
		return why;
	(void)snprintf(file, sizeof file, "%s.json.gz", name);
	if (!sharing_document_parse(&d, file) ||
	    strcmp(d.report_id, text(receipt, "report-id")) != 0)
		return N_("the receipt is of another document");
	json_t *kept =
	    json_pack("{s:s,s:s,s:s,s:s,s:s,s:I,s:s,s:s,s:s}", "format", "lachan-receipt",
	        "name", name, "recipient", recipient, "report-id", d.report_id, "sha256",
	        text(receipt, "sha256"), "status", status, "time", text(receipt, "time"),
	        "department", text(receipt, "department"), "error", text(receipt, "error"));
	enum err rc = kept == NULL ? ERR_MEMORY : lay_down(c, d.report_id, kept);
	json_decref(kept);
	if (rc == OK)
		return NULL;
	log_error("summaries", "a receipt could not be kept: %s",
	    rc == ERR_IO ? strerror(errno) : err_text(rc));
	return err_text(rc);
}

static void record(const struct call *c, size_t count)
{
	char actor[CALL_ACTOR_BYTES];
	char detail[DETAIL_BYTES];

	(void)snprintf(detail, sizeof detail, "receipts: %zu", count);
	call_actor(c, actor);
	const struct filter_entry entry = {
	    .actor = actor, .action = "summary-import", .detail = detail};
	filter_record(c->desk->filter, &entry);
}

void summaries_on_receipts(struct call *c)
{
	const json_t *all = json_object_get(c->request, "receipts");
	const char *recipient = recipient_of(c);
	const json_t *one;
	size_t i;

	if (recipient == NULL || !json_is_array(all) ||
	    json_array_size(all) > RECEIPTS_MAX) {
		call_refuse(c, "recipient",
		    N_("tell which recipient these receipts are of, by its name in "
		       "share.recipients"));
		return;
	}
	json_t *taken = json_array();
	json_t *refused = json_array();
	size_t kept = 0;
	json_array_foreach(all, i, one)
	{
		const json_t *receipt = json_object_get(one, "receipt");
		const char *why = take(c, recipient, one);
		kept += why == NULL;
		/* What the department refused is told with its own words. */
		if (why == NULL &&
		    !is_taken(json_integer_value(json_object_get(receipt, "status"))))
			why = text(receipt, "error");
		if (why == NULL)
			(void)json_array_append(taken, json_object_get(one, "name"));
		else
			(void)json_array_append_new(refused,
			    json_pack(
			        "{s:s,s:s}", "name", text(one, "name"), "error", why));
	}
	if (kept > 0) {
		record(c, kept);
		summaries_share_now(c->desk);
	}
	call_give(c, json_pack("{s:o,s:o}", "taken", taken, "refused", refused));
}
