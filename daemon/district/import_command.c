/* `lachan-district import PATH…`: documents that came by USB stick or mail.
 *
 *	NAME.json.gz --> the very judgement of POST /v1/summaries, without a token: the signature
 *	                 by a pinned key says whose it is --> stored, or why not
 *	             --> NAME.receipt.json beside it, for the school
 *
 * A receipt of a document that was taken says so again when it is brought again. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <jansson.h>

#include "base/file.h"
#include "base/text.h"
#include "base/words.h"
#include "district/admin.h"
#include "district/api.h"
#include "district/district.h"
#include "district/internal.h"
#include "district/quick_reports.h"
#include "district/summaries.h"
#include "kit/json_memory.h"
#include "kit/local_time.h"

#define SUFFIX  ".json.gz"
#define RECEIPT ".receipt.json"

enum {
	FILES_MAX = 100000,
	DEPTH_MAX = 4, /* folders within folders, as on a stick */
	RECEIPT_MAX_BYTES = 4096
};

struct bringing {
	struct command *c;
	struct district district; /* what handlers look at: counters, the record's place */
	struct store *store;
	char **files;
	size_t count, capacity;
	size_t taken, known, refused;
	bool failed; /* a file or a receipt could not be read or written */
};

/* ---- which files ---- */

static bool is_document(const char *name)
{
	return slice_ends(slice_of(name), slice_of(SUFFIX));
}

static bool add_file(struct bringing *b, const char *path)
{
	if (b->count == b->capacity) {
		size_t capacity = b->capacity == 0 ? 64 : b->capacity * 2;
		char **grown = capacity > FILES_MAX
		    ? NULL
		    : reallocarray(b->files, capacity, sizeof *grown);
		if (grown == NULL)
			return false;
		b->files = grown;
		b->capacity = capacity;
	}
	b->files[b->count] = strdup(path);
	return b->files[b->count] != NULL && ++b->count > 0;
}

static void say(struct bringing *b, const char *path, const char *why)
{
	(void)admin_fail("%s: %s", path, why);
	b->failed = true;
}

static void find_files(struct bringing *b, const char *path, unsigned depth);

static void find_in_folder(struct bringing *b, const char *path, unsigned depth)
{
	DIR *folder = opendir(path);
	struct dirent *entry;
	char inner[FILE_PATH_BYTES];

	if (folder == NULL) {
		say(b, path, strerror(errno));
		return;
	}
	while ((entry = readdir(folder)) != NULL) {
		struct stat st;
		if (entry->d_name[0] == '.' ||
		    path_join(inner, sizeof inner, path, entry->d_name) != OK ||
		    lstat(inner, &st) != 0)
			continue;
		if (S_ISDIR(st.st_mode) && depth < DEPTH_MAX)
			find_files(b, inner, depth + 1);
		else if (S_ISREG(st.st_mode) && is_document(inner) && !add_file(b, inner))
			say(b, inner, _("more files than one command takes"));
	}
	(void)closedir(folder);
}

static void find_files(struct bringing *b, const char *path, unsigned depth)
{
	struct stat st;

	if (stat(path, &st) != 0)
		say(b, path, strerror(errno));
	else if (S_ISDIR(st.st_mode))
		find_in_folder(b, path, depth);
	else if (!is_document(path))
		say(b, path, _("no document of a school: its name ends in .json.gz"));
	else if (!add_file(b, path))
		say(b, path, err_text(ERR_MEMORY));
}

/* Names begin with unit and day: older documents first, as they would have come. */
static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* ---- one document ---- */

static void unit_of(char out[STORE_UNIT_BYTES], const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash == NULL ? path : slash + 1;
	size_t len = strcspn(name, "!");

	out[0] = 0;
	if (name[len] == '!' && len < STORE_UNIT_BYTES) {
		memcpy(out, name, len);
		out[len] = 0;
	}
}

static void take(struct call *call, const char *unit)
{
	struct intake in;

	if (intake_begin_file(&in, call, unit)) {
		if (slice_starts(buf_slice(&in.received),
		        SLICE_LIT("{\"format\":\"lachan-quick-report\"")))
			quick_reports_take(&in);
		else
			summaries_take(&in);
	}
	intake_end(&in);
}

static const char *text_of(const json_t *answer, const char *key)
{
	const char *text = json_string_value(json_object_get(answer, key));

	return text == NULL ? "" : text;
}

static enum err write_receipt(struct bringing *b, const char *path, const struct call *call,
    const json_t *answer, struct diag *why)
{
	char receipt[FILE_PATH_BYTES + sizeof RECEIPT], time[LOCAL_TIME_TEXT_BYTES];
	char sum[2 * STORE_SHA256_BYTES + 1];
	uint8_t sha256[STORE_SHA256_BYTES];

	api_sha256(sha256, call->body);
	api_hex(sum, sha256);
	local_time_text(time, b->c->now.wall_s);
	json_t *root = json_pack("{s:s,s:s,s:s,s:s,s:i,s:s,s:s}", "format",
	    "lachan-receipt", "version", "1.0", "report-id", text_of(answer, "report-id"),
	    "sha256", sum, "status", (int)call->status, "time", time, "department",
	    b->c->config->department.name.text);
	if (root != NULL && call->status >= 300)
		(void)json_object_set_new(
		    root, "error", json_string(text_of(answer, "error")));
	char *text = root == NULL ? NULL : json_dumps(root, JSON_COMPACT);
	enum err rc = text == NULL ? ERR_MEMORY : OK;
	(void)snprintf(receipt, sizeof receipt, "%.*s" RECEIPT,
	    (int)(strlen(path) - strlen(SUFFIX)), path);
	if (rc == OK)
		rc = command_write_file(b->c, receipt, slice_of(text), 0644, why);
	json_memory_free(text);
	json_decref(root);
	return rc;
}

static void tell(struct bringing *b, const char *path, struct call *call)
{
	const char *body = buf_cstr(&call->out);
	json_t *answer = json_loads(body, 0, NULL);
	char shown[DIAG_TEXT_BYTES];
	struct diag why = {.text = ""};

	if (call->status == 201) {
		b->taken++;
	} else if (call->status == 200) {
		b->known++;
	} else {
		text_printable(shown, sizeof shown, slice_of(text_of(answer, "error")));
		(void)admin_fail(_("%s: not taken (%u): %s"), path, call->status, shown);
		b->refused++;
	}
	/* "Ask again" is no answer to take home. */
	if (call->status < 500 && write_receipt(b, path, call, answer, &why) != OK)
		say(b, path, why.text);
	json_decref(answer);
}

static void bring(struct bringing *b, const char *path)
{
	struct arena memory = ARENA_INIT(CALL_ARENA_MAX_BYTES);
	struct buf file = BUF_INIT(b->c->config->limits.document_bytes);
	struct diag why = {.text = ""};
	char unit[STORE_UNIT_BYTES];
	struct call call = {.district = &b->district,
	    .config = b->c->config,
	    .store = b->store,
	    .now = b->c->now,
	    .memory = &memory,
	    .method = CALL_POST,
	    .path = "/v1/summaries",
	    .path_rest = "",
	    .client_subject = "",
	    .out = BUF_INIT(CALL_OUT_MAX_BYTES),
	    .headers = BUF_INIT(CALL_HEADERS_MAX_BYTES)};

	enum err rc = command_read_file(b->c, path, &file, &why);
	if (rc != OK) {
		say(b, path, rc == ERR_FULL ? _("longer than limits.document") : why.text);
	} else {
		call.body = buf_slice(&file);
		unit_of(unit, path);
		take(&call, unit);
		tell(b, path, &call);
	}
	buf_deinit(&call.out);
	buf_deinit(&call.headers);
	buf_deinit(&file);
	arena_deinit(&memory);
}

/* ---- all of them ---- */

static int bring_all(struct bringing *b)
{
	if (command_as_person(b->c) == OK)
		for (int i = 0; i < b->c->argc; i++)
			find_files(b, b->c->argv[i], 0);
	if (command_as_user(b->c) != OK)
		return admin_fail("%s", err_text(ERR_DENIED));
	if (b->count > 1)
		qsort(b->files, b->count, sizeof *b->files, by_name);
	for (size_t i = 0; i < b->count; i++)
		bring(b, b->files[i]);
	(void)printf(_("%zu documents: %zu taken, %zu known already, %zu refused\n"),
	    b->count, b->taken, b->known, b->refused);
	if (b->taken + b->refused > 0)
		admin_record(b->c, "import", "", "%zu taken, %zu known, %zu refused",
		    b->taken, b->known, b->refused);
	return b->refused > 0 || b->failed ? ADMIN_FAILED : ADMIN_DONE;
}

int admin_import(struct command *c)
{
	struct bringing b = {
	    .c = c, .district = {.state_dir = c->config->server.state_dir.text}};
	int status = ADMIN_FAILED;

	if (c->argc == 0 || admin_has_options(c))
		return ADMIN_USAGE;
	if (!admin_open(c, &b.store))
		return ADMIN_FAILED;
	enum err rc = metrics_open(&b.district.metrics);
	status = rc == OK ? bring_all(&b) : admin_fail("%s", err_text(rc));
	for (size_t i = 0; i < b.count; i++)
		free(b.files[i]);
	free(b.files);
	if (rc == OK)
		metrics_close(b.district.metrics);
	store_close(b.store);
	return status;
}
