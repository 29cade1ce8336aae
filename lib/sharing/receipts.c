#include "sharing/receipts.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "sharing/documents.h"

#define SUFFIX "json.gz"
#define TIME   "%Y-%m-%dT%H:%M:%SZ"

enum {
	TIME_BYTES = 32
};

/* Our own texts and what was made printable: quotes and backslashes are all there is. */
static void put_text(struct buf *out, const char *text)
{
	buf_byte(out, '"');
	for (const char *c = text; *c != 0; c++) {
		if (*c == '"' || *c == '\\')
			buf_byte(out, '\\');
		buf_byte(out, (uint8_t)((unsigned char)*c < ' ' ? ' ' : *c));
	}
	buf_byte(out, '"');
}

void sharing_receipt_write(struct buf *out, const struct sharing_receipt *receipt)
{
	char at[TIME_BYTES] = "";
	time_t when = (time_t)receipt->at_s;
	struct tm utc;

	if (gmtime_r(&when, &utc) != NULL)
		(void)strftime(at, sizeof at, TIME, &utc);
	buf_text(out, "{\"format\":\"lachan-receipt\",\"version\":\"1.0\",\"recipient\":");
	put_text(out, receipt->recipient);
	buf_text(out, ",\"report-id\":");
	put_text(out, receipt->report_id);
	buf_text(out, ",\"sha256\":");
	put_text(out, receipt->sha256);
	buf_printf(out, ",\"bytes\":%llu,\"status\":%u,\"answered\":\"%s\"",
	    (unsigned long long)receipt->bytes, receipt->status, at);
	if (receipt->error[0] != 0) {
		buf_text(out, ",\"error\":");
		put_text(out, receipt->error);
	}
	buf_text(out, "}\n");
}

enum err sharing_receipt_path(char *out, size_t size, const char *state_dir,
    const char *recipient, const char *document_name, enum sharing_word word)
{
	struct sharing_document document;

	/* Neither name leads out of the folder. */
	if (recipient[0] == 0 || strchr(recipient, '/') != NULL || recipient[0] == '.' ||
	    !sharing_document_parse(&document, document_name))
		return ERR_RANGE;
	size_t stem = strlen(document_name) - sizeof SUFFIX + 1;
	int n = snprintf(out, size, "%s/sent/%s/%.*s%s", state_dir, recipient, (int)stem,
	    document_name, word == SHARING_WAS_REFUSED ? "refused.json" : "json");
	return n > 0 && (size_t)n < size ? OK : ERR_RANGE;
}

static int64_t time_of(const char *text)
{
	struct tm utc = {.tm_sec = 0};
	const char *end = text == NULL ? NULL : strptime(text, TIME, &utc);
	time_t at = end == NULL || *end != 0 ? 0 : timegm(&utc);

	return at > 0 ? (int64_t)at : 0;
}

static void copy(char *out, size_t size, const json_t *root, const char *key)
{
	const char *text = json_string_value(json_object_get(root, key));

	(void)snprintf(out, size, "%s", text == NULL ? "" : text);
}

static void read_receipt(struct sharing_standing *out, const char *path)
{
	struct buf text = BUF_INIT(SHARING_RECEIPT_MAX_BYTES);
	json_t *root = NULL;

	if (file_read(path, &text) == OK)
		root = json_loadb((const char *)text.ptr, text.len, 0, NULL);
	if (root != NULL) {
		json_int_t status = json_integer_value(json_object_get(root, "status"));
		out->status = status > 0 && status < 1000 ? (unsigned)status : 0;
		out->at_s = time_of(json_string_value(json_object_get(root, "answered")));
		copy(out->sha256, sizeof out->sha256, root, "sha256");
		copy(out->error, sizeof out->error, root, "error");
	}
	json_decref(root);
	buf_deinit(&text);
}

enum err sharing_look(struct sharing_standing *out, const char *state_dir,
    const char *recipient, const char *document_name)
{
	static const enum sharing_word words[] = {SHARING_WAS_TAKEN, SHARING_WAS_REFUSED};
	char path[FILE_PATH_BYTES];

	*out = (struct sharing_standing){.word = SHARING_WAITS};
	for (size_t i = 0; i < 2; i++) {
		enum err rc = sharing_receipt_path(
		    path, sizeof path, state_dir, recipient, document_name, words[i]);
		if (rc != OK)
			return rc;
		if (access(path, F_OK) != 0)
			continue;
		out->word = words[i];
		read_receipt(out, path);
		return OK;
	}
	return OK;
}

enum err sharing_look_recipient(
    struct sharing_state *out, const char *state_dir, const char *recipient)
{
	struct buf text = BUF_INIT(SHARING_STATE_MAX_BYTES);
	char path[FILE_PATH_BYTES];

	int n = snprintf(path, sizeof path, "%s/sharing/%s.state", state_dir, recipient);
	enum err rc = n > 0 && (size_t)n < sizeof path ? OK : ERR_RANGE;
	if (rc == OK)
		rc = file_read(path, &text);
	if (rc == OK)
		rc = sharing_state_read(out, buf_slice(&text));
	buf_deinit(&text);
	return rc;
}
