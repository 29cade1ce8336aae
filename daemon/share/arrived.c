#include "share/arrived.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <jansson.h>

#include "base/file.h"
#include "base/text.h"
#include "conf/config.h"
#include "kit/log.h"
#include "sharing/documents.h"
#include "sharing/receipts.h"
#include "sharing/timing.h"

#define FOLDER "sharing/arrived"
#define SUFFIX ".json"

static const char *text(const json_t *object, const char *key)
{
	const char *value = json_string_value(json_object_get(object, key));

	return value != NULL ? value : "";
}

static bool is_recipient(const struct config *config, const char *name)
{
	for (size_t i = 0; i < config->share.recipients.count; i++)
		if (strcmp(config->share.recipients.items[i].name.text, name) == 0)
			return true;
	return false;
}

/* How many octets the document has; 0: it is not here any more. */
static uint64_t size_of(const char *state_dir, const char *name)
{
	static const char *const folders[] = {"outbox", "sent"};
	char path[FILE_PATH_BYTES];
	struct stat s;

	for (size_t i = 0; i < 2; i++) {
		int n =
		    snprintf(path, sizeof path, "%s/%s/%s", state_dir, folders[i], name);
		if (n > 0 && (size_t)n < sizeof path && stat(path, &s) == 0)
			return (uint64_t)s.st_size;
	}
	return 0;
}

static enum err keep(const char *state_dir, const char *name,
    const struct sharing_receipt *receipt, enum sharing_word word)
{
	struct buf out = BUF_INIT(SHARING_RECEIPT_MAX_BYTES);
	char path[FILE_PATH_BYTES];

	sharing_receipt_write(&out, receipt);
	enum err rc = buf_status(&out);
	if (rc == OK)
		rc = sharing_receipt_path(
		    path, sizeof path, state_dir, receipt->recipient, name, word);
	if (rc == OK)
		rc = file_write_atomic(path, buf_slice(&out), 0640);
	buf_deinit(&out);
	return rc;
}

/* ERR_FORMAT: nothing that tells of a document of ours. */
static enum err take(const struct config *config, const json_t *arrived, int64_t now_s)
{
	const char *state_dir = config->server.state_dir.text;
	json_int_t status = json_integer_value(json_object_get(arrived, "status"));
	struct sharing_standing standing;
	char name[SPOOL_NAME_BYTES], error[SHARING_WHY_BYTES];

	int n = snprintf(name, sizeof name, "%s.json.gz", text(arrived, "name"));
	if (n < 0 || (size_t)n >= sizeof name || status < 100 || status > 999 ||
	    !is_recipient(config, text(arrived, "recipient")) ||
	    sharing_look(&standing, state_dir, text(arrived, "recipient"), name) != OK)
		return ERR_FORMAT;
	uint64_t bytes = size_of(state_dir, name);
	enum sharing_outcome outcome = sharing_judge((unsigned)status);
	if (bytes == 0 || (outcome != SHARING_TAKEN && outcome != SHARING_REFUSED))
		return ERR_FORMAT;
	if (standing.word != SHARING_WAITS)
		return OK;
	text_printable(error, sizeof error, slice_of(text(arrived, "error")));
	const struct sharing_receipt receipt = {.recipient = text(arrived, "recipient"),
	    .report_id = text(arrived, "report-id"),
	    .sha256 = text(arrived, "sha256"),
	    .bytes = bytes,
	    .status = (unsigned)status,
	    .at_s = now_s,
	    .error = error};
	return keep(state_dir, name, &receipt,
	    outcome == SHARING_TAKEN ? SHARING_WAS_TAKEN : SHARING_WAS_REFUSED);
}

static void take_file(const struct config *config, const char *path, int64_t now_s)
{
	struct buf bytes = BUF_INIT(SHARING_RECEIPT_MAX_BYTES);
	json_t *arrived = NULL;

	enum err rc = file_read(path, &bytes);
	if (rc == OK) {
		arrived = json_loadb(
		    (const char *)bytes.ptr, bytes.len, JSON_REJECT_DUPLICATES, NULL);
		rc = json_is_object(arrived) ? take(config, arrived, now_s) : ERR_FORMAT;
	}
	if (rc == OK)
		log_info("share", "%s has %s, by USB", text(arrived, "recipient"),
		    text(arrived, "name"));
	else
		log_warn(
		    "share", "%s: %s", path, rc == ERR_IO ? strerror(errno) : err_text(rc));
	/* One that could not be kept for want of room stays for the next look. */
	if (rc != ERR_IO && unlink(path) != 0)
		log_warn("share", "%s: %s", path, strerror(errno));
	json_decref(arrived);
	buf_deinit(&bytes);
}

bool arrived_take(const struct config *config, int64_t now_s)
{
	char folder[FILE_PATH_BYTES], path[FILE_PATH_BYTES];
	const struct dirent *entry;
	bool any = false;

	if (path_join(folder, sizeof folder, config->server.state_dir.text, FOLDER) != OK)
		return false;
	DIR *open = opendir(folder);
	while (open != NULL && (entry = readdir(open)) != NULL) {
		/* The desk's half-written ones end otherwise. */
		if (!slice_ends(slice_of(entry->d_name), SLICE_LIT(SUFFIX)) ||
		    path_join(path, sizeof path, folder, entry->d_name) != OK)
			continue;
		take_file(config, path, now_s);
		any = true;
	}
	if (open != NULL)
		(void)closedir(open);
	return any;
}
