#include "lachanctl/summary_stick.h"

#include <dirent.h>
#include <errno.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/text.h"
#include "base/words.h"

#define RECEIPT ".receipt.json"

enum {
	FILE_MAX = 256 * 1024,
	RECEIPT_MAX = 4096,
	RECEIPTS_MAX = 1000 /* of one stick; the rest comes with the next */
};

static const char *text(const json_t *object, const char *key)
{
	const char *value = json_string_value(json_object_get(object, key));

	return value != NULL ? value : "";
}

/* ---- out ---- */

/* The bytes behind "content". ERR_FORMAT, ERR_MEMORY. */
static enum err decode(const json_t *file, struct buf *out)
{
	const char *base64 = text(file, "content");
	size_t len = strlen(base64);
	uint8_t *bytes = malloc(len / 4 * 3 + 4);

	if (bytes == NULL)
		return ERR_MEMORY;
	int n = len > 0 && len <= FILE_MAX * 2
	    ? EVP_DecodeBlock(bytes, (const uint8_t *)base64, (int)len)
	    : -1;
	size_t padding = len >= 2 && base64[len - 1] == '=' ? 1u : 0u;
	padding += padding > 0 && base64[len - 2] == '=' ? 1u : 0u;
	if (n >= (int)padding && n > 0)
		buf_append(out, (struct slice){bytes, (size_t)n - padding});
	free(bytes);
	return n > 0 ? buf_status(out) : ERR_FORMAT;
}

/* One document onto the stick. */
static enum ctl_status write_one(struct ctl *c, const char *folder, const json_t *file)
{
	struct buf bytes = BUF_INIT(FILE_MAX);
	char path[FILE_PATH_BYTES];

	/* Made by our own gateway; still, a name is never a path. */
	enum err rc = strchr(text(file, "name"), '/') == NULL ? OK : ERR_RANGE;
	if (rc == OK)
		rc = path_join(path, sizeof path, folder, text(file, "name"));
	if (rc == OK)
		rc = decode(file, &bytes);
	if (rc == OK)
		rc = file_write_atomic(path, buf_slice(&bytes), 0644);
	buf_deinit(&bytes);
	if (rc == OK)
		return CTL_DONE;
	return ctl_fail(
	    c, CTL_FAILED, "%s: %s", folder, rc == ERR_IO ? strerror(errno) : err_text(rc));
}

static enum ctl_status export_one(
    struct ctl *c, const char *folder, const json_t *file, json_t *written)
{
	json_t *reply;

	enum ctl_status status = ctl_ask(c, c->desk_path, "summary-file",
	    json_pack("{s:s}", "id", text(file, "id")), &reply);
	if (status != CTL_DONE)
		return status;
	status = write_one(c, folder, reply);
	if (status == CTL_DONE)
		(void)json_array_append_new(written,
		    json_pack("{s:s,s:s}", "name", text(reply, "name"), "sha256",
		        text(reply, "sha256")));
	json_decref(reply);
	return status;
}

static void say_exported(const json_t *written, size_t left, const char *folder)
{
	printf(_("%zu documents are in %s; carry them to the department.\n"),
	    json_array_size(written), folder);
	if (left > 0)
		printf(
		    _("%zu stay here: held, not approved, not signed or refused (lachanctl "
		      "summary list).\n"),
		    left);
}

enum ctl_status summary_export(struct ctl *c)
{
	const char *folder = c->argv[1];
	struct stat s;
	const json_t *one;
	json_t *reply;
	size_t i, left = 0;

	if (stat(folder, &s) != 0 || !S_ISDIR(s.st_mode))
		return ctl_fail(c, CTL_FAILED, _("%s is no folder"), folder);
	enum ctl_status status = ctl_ask(c, c->desk_path, "summary-files", NULL, &reply);
	if (status != CTL_DONE)
		return status;
	json_t *written = json_array();
	json_array_foreach(json_object_get(reply, "files"), i, one)
	{
		if (strcmp(text(one, "state"), "waiting") != 0)
			left++;
		else if (status == CTL_DONE)
			status = export_one(c, folder, one, written);
	}
	json_decref(reply);
	if (status == CTL_DONE && c->json)
		return ctl_print_json(json_pack("{s:s,s:o,s:I}", "folder", folder, "files",
		    written, "left", (json_int_t)left));
	if (status == CTL_DONE)
		say_exported(written, left, folder);
	json_decref(written);
	return status;
}

/* ---- in ---- */

/* {"name","receipt"} of one file, or NULL when it is no receipt. */
static json_t *read_receipt(const char *folder, const char *name)
{
	struct buf bytes = BUF_INIT(RECEIPT_MAX);
	char path[FILE_PATH_BYTES];
	json_t *receipt = NULL;

	enum err rc = path_join(path, sizeof path, folder, name);
	if (rc == OK)
		rc = file_read(path, &bytes);
	if (rc == OK)
		receipt = json_loadb(
		    (const char *)bytes.ptr, bytes.len, JSON_REJECT_DUPLICATES, NULL);
	buf_deinit(&bytes);
	if (!json_is_object(receipt)) {
		json_decref(receipt);
		return NULL;
	}
	return json_pack(
	    "{s:s%,s:o}", "name", name, strlen(name) - strlen(RECEIPT), "receipt", receipt);
}

/* All receipts of the stick; those that are none go to `refused`. NULL: no such folder. */
static json_t *read_receipts(const char *folder, json_t *refused)
{
	DIR *open = opendir(folder);
	const struct dirent *entry;

	if (open == NULL)
		return NULL;
	json_t *all = json_array();
	while ((entry = readdir(open)) != NULL && json_array_size(all) < RECEIPTS_MAX) {
		if (!slice_ends(slice_of(entry->d_name), SLICE_LIT(RECEIPT)))
			continue;
		json_t *one = read_receipt(folder, entry->d_name);
		if (one == NULL)
			(void)json_array_append_new(refused,
			    json_pack("{s:s,s:s}", "name", entry->d_name, "error",
			        "this is no receipt"));
		else
			(void)json_array_append_new(all, one);
	}
	(void)closedir(open);
	return all;
}

/* Names and reasons are whatever stands on the stick. */
static void say_imported(const json_t *reply)
{
	char name[256], why[1024];
	const json_t *one;
	size_t i;

	printf(_("%zu documents are with the department.\n"),
	    json_array_size(json_object_get(reply, "taken")));
	json_array_foreach(json_object_get(reply, "refused"), i, one)
	{
		text_printable(name, sizeof name, slice_of(text(one, "name")));
		const char *error = text(one, "error");
		text_printable(why, sizeof why, slice_of(error[0] != 0 ? _(error) : ""));
		printf("  %s: %s\n", name, why);
	}
}

enum ctl_status summary_import(struct ctl *c)
{
	const char *folder = c->argv[1];
	json_t *refused = json_array();
	json_t *receipts = read_receipts(folder, refused);
	json_t *reply;

	if (receipts == NULL) {
		json_decref(refused);
		return ctl_fail(c, CTL_FAILED, _("%s is no folder"), folder);
	}
	json_t *arguments = json_pack("{s:o}", "receipts", receipts);
	if (c->argc == 3)
		(void)json_object_set_new(arguments, "recipient", json_string(c->argv[2]));
	enum ctl_status status =
	    ctl_ask(c, c->desk_path, "summary-receipts", arguments, &reply);
	if (status != CTL_DONE) {
		json_decref(refused);
		return status;
	}
	(void)json_array_extend(json_object_get(reply, "refused"), refused);
	json_decref(refused);
	if (c->json)
		return ctl_print_json(reply);
	say_imported(reply);
	json_decref(reply);
	return CTL_DONE;
}
