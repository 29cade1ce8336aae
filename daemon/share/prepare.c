#include "share/prepare.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>

#include "base/file.h"
#include "report/signed.h"
#include "spool/gzip.h"

struct texts {
	struct buf packed;
	struct buf as_is;
	struct buf plain; /* without a signature */
	struct buf ours;
	struct buf out;
	bool is_signed;
	struct report_signature signature;
};

static void texts_deinit(struct texts *t)
{
	buf_deinit(&t->packed);
	buf_deinit(&t->as_is);
	buf_deinit(&t->plain);
	buf_deinit(&t->ours);
	buf_deinit(&t->out);
}

static enum err read_document(struct texts *t, const char *path, struct diag *why)
{
	enum err rc = file_read(path, &t->packed);

	if (rc == OK)
		rc = gzip_unpack(buf_slice(&t->packed), SPOOL_DOCUMENT_MAX, &t->as_is);
	if (rc != OK) {
		diag_set(why, "%s", rc == ERR_IO ? strerror(errno) : err_text(rc));
		return rc;
	}
	rc = report_split(buf_slice(&t->as_is), &t->plain, &t->signature, why);
	t->is_signed = rc == OK;
	if (rc != ERR_NOT_FOUND)
		return rc;
	buf_append(&t->plain, buf_slice(&t->as_is));
	return buf_status(&t->plain);
}

/* The report-id that the bytes say, for their name. */
static enum err read_id(char out[SPOOL_ID_BYTES], struct slice json)
{
	json_t *root = json_loadb((const char *)json.ptr, json.len, 0, NULL);
	const char *id = json_string_value(json_object_get(root, "report-id"));
	enum err rc = id != NULL && strlen(id) == SPOOL_ID_BYTES - 1 ? OK : ERR_FORMAT;

	if (rc == OK)
		memcpy(out, id, SPOOL_ID_BYTES);
	json_decref(root);
	return rc;
}

static enum err remove_file(const char *folder, const char *name)
{
	char path[FILE_PATH_BYTES];

	enum err rc = path_join(path, sizeof path, folder, name);
	if (rc != OK)
		return rc;
	if (unlink(path) != 0 && errno != ENOENT)
		return ERR_IO;
	return file_sync_folder(path);
}

static bool is_there(const char *folder, const char *name)
{
	char path[FILE_PATH_BYTES];

	return path_join(path, sizeof path, folder, name) == OK && access(path, F_OK) == 0;
}

/* Signs t->ours into FOLDER/name. */
static enum err publish(
    const struct prepare *how, struct texts *t, const char *name, struct diag *why)
{
	char path[FILE_PATH_BYTES];

	buf_reset(&t->packed);
	enum err rc = report_sign(&t->out, buf_slice(&t->ours), how->key);
	if (rc == OK)
		rc = gzip_pack(buf_slice(&t->out), &t->packed);
	if (rc == OK)
		rc = path_join(path, sizeof path, how->waiting, name);
	if (rc == OK)
		rc = file_write_atomic(path, buf_slice(&t->packed), 0640);
	if (rc != OK)
		diag_set(why, "%s", rc == ERR_IO ? strerror(errno) : err_text(rc));
	return rc;
}

/* The document under our unit; its name may be another one. */
static enum err make_ours(const struct prepare *how, struct texts *t,
    const struct sharing_document *document, char name[SPOOL_NAME_BYTES], struct diag *why)
{
	char id[SPOOL_ID_BYTES];
	enum err rc;

	if (strcmp(document->unit, how->unit) == 0) {
		buf_append(&t->ours, buf_slice(&t->plain));
		rc = buf_status(&t->ours);
	} else {
		rc = report_rename(
		    &t->ours, buf_slice(&t->plain), how->unit, how->name, why);
	}
	if (rc == OK)
		rc = read_id(id, buf_slice(&t->ours));
	if (rc == OK)
		rc = sharing_document_name(name, document, how->unit, id);
	if (rc != OK && why->text[0] == 0)
		diag_set(why, "%s", err_text(rc));
	return rc;
}

static enum err sign_anew(const struct prepare *how, struct texts *t,
    struct sharing_document *document, struct diag *why)
{
	char name[SPOOL_NAME_BYTES];

	enum err rc = make_ours(how, t, document, name, why);
	if (rc != OK)
		return rc;
	bool moves = strcmp(name, document->name) != 0;
	/* Made before, by a run that died before it removed this one, or by the filter once
	 * more: what went out, or is about to, is never made a second time. */
	if (is_there(how->sent, name) || (moves && is_there(how->waiting, name)))
		return remove_file(how->waiting, document->name) == OK ? ERR_EXISTS
		                                                       : ERR_IO;
	rc = publish(how, t, name, why);
	if (rc == OK && moves)
		rc = remove_file(how->waiting, document->name);
	if (rc == OK && !sharing_document_parse(document, name))
		rc = ERR_FORMAT;
	return rc;
}

enum err prepare_document(
    const struct prepare *how, struct sharing_document *document, struct diag *why)
{
	struct texts t = {.packed = BUF_INIT(SPOOL_FILE_MAX),
	    .as_is = BUF_INIT(SPOOL_DOCUMENT_MAX),
	    .plain = BUF_INIT(SPOOL_DOCUMENT_MAX),
	    .ours = BUF_INIT(SPOOL_DOCUMENT_MAX),
	    .out = BUF_INIT(SPOOL_DOCUMENT_MAX)};
	char path[FILE_PATH_BYTES];
	const struct sign_public own = sign_public_of(how->key);

	enum err rc = path_join(path, sizeof path, how->waiting, document->name);
	if (rc == OK)
		rc = read_document(&t, path, why);
	if (rc == OK) {
		bool ours = strcmp(document->unit, how->unit) == 0;
		bool fine =
		    ours && t.is_signed && sign_public_equal(&t.signature.key, &own);
		/* Made by the filter once more, though it went out. */
		if (ours && !t.is_signed && is_there(how->sent, document->name))
			rc = remove_file(how->waiting, document->name) == OK ? ERR_EXISTS
			                                                     : ERR_IO;
		/* Half of the recipients have it: the others get the same bytes. */
		else if (!fine && !how->may_change)
			rc = t.is_signed && ours ? OK : ERR_DENIED;
		else if (!fine)
			rc = sign_anew(how, &t, document, why);
	}
	texts_deinit(&t);
	return rc;
}
