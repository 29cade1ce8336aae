#include "district/intake.h"

#include <stdio.h>
#include <string.h>

#include "district/gunzip.h"
#include "report/signed.h"

static bool expand(struct intake *in)
{
	const struct api *api = &in->api;
	enum err rc = gunzip_bounded(&in->received, api->call->body);

	if (rc == OK)
		return true;
	buf_reset(&in->received);
	if (rc == ERR_FORMAT)
		return api_refuse(
		    api, 400, "gzip", "the body is not one whole gzip member");
	if (rc == ERR_RANGE || rc == ERR_FULL)
		return api_refuse(api, 413, "expanded",
		    "expanded it is longer than %u times itself, or than %u bytes",
		    (unsigned)GUNZIP_MAX_RATIO, (unsigned)GUNZIP_MAX_BYTES);
	return api_fail(api, rc);
}

/* The pinned key decides, not the one that the document names. */
static bool check_key(const struct intake *in, const struct report_signature *signature)
{
	const struct api *api = &in->api;
	struct unit_key pinned;
	struct sign_public key;

	enum err rc =
	    store_key_find(api->call->store, in->unit, signature->key.bytes, &pinned);
	if (rc == ERR_NOT_FOUND)
		return api_refuse(
		    api, 403, "key", "this key was not enrolled for unit %s", in->unit);
	if (rc != OK)
		return api_fail(api, rc);
	if (pinned.revoked_s != 0)
		return api_refuse(api, 403, "revoked", "this key was revoked");
	memcpy(key.bytes, pinned.key, sizeof key.bytes);
	if (!sign_verify(&key, buf_slice(&in->unsigned_bytes), &signature->value))
		return api_refuse(api, 422, "signature",
		    "the signature is not that of the key over these bytes");
	return true;
}

static bool check_signature(struct intake *in)
{
	const struct api *api = &in->api;
	struct report_signature signature;
	struct diag why = {.text = ""};

	enum err rc =
	    report_split(buf_slice(&in->received), &in->unsigned_bytes, &signature, &why);
	if (rc == ERR_NOT_FOUND)
		return api_refuse(api, 422, "unsigned", "the document is not signed");
	if (rc == ERR_FORMAT)
		return api_refuse(api, 422, "signature", "%s", why.text);
	return rc == OK ? check_key(in, &signature) : api_fail(api, rc);
}

bool intake_begin(
    struct intake *in, struct call *c, enum metrics_endpoint endpoint, const char *type)
{
	*in = (struct intake){.api = {c, endpoint},
	    .received = BUF_INIT(GUNZIP_MAX_BYTES),
	    .unsigned_bytes = BUF_INIT(GUNZIP_MAX_BYTES)};
	if (!api_find_sender(&in->api, TOKEN_SEND, in->unit) ||
	    !api_take_turn(&in->api, in->unit) || !api_check_type(&in->api, type) ||
	    !expand(in) || !check_signature(in))
		return false;
	api_sha256(in->sha256, buf_slice(&in->received));
	return true;
}

bool intake_begin_file(struct intake *in, struct call *c, const char *unit)
{
	*in = (struct intake){.api = {c, METRICS_SUMMARIES},
	    .received = BUF_INIT(GUNZIP_MAX_BYTES),
	    .unsigned_bytes = BUF_INIT(GUNZIP_MAX_BYTES)};
	if (!report_is_unit(unit))
		return api_refuse(&in->api, 422, "unit",
		    "the file's name does not begin with a unit and '!'");
	(void)snprintf(in->unit, sizeof in->unit, "%s", unit);
	if (!expand(in) || !check_signature(in))
		return false;
	api_sha256(in->sha256, buf_slice(&in->received));
	return true;
}

void intake_end(struct intake *in)
{
	buf_deinit(&in->received);
	buf_deinit(&in->unsigned_bytes);
}

bool intake_check_unit(const struct intake *in, const char *unit)
{
	if (strcmp(unit, in->unit) == 0)
		return true;
	return api_refuse(&in->api, 403, "unit",
	    "these are the credentials of unit %s, and the document is of another",
	    in->unit);
}

static void say_taken(
    const struct intake *in, unsigned status, const char *result, const char *report_id)
{
	struct buf members = BUF_INIT(512);

	buf_text(&members, ",\"report-id\":");
	api_json_text(&members, report_id);
	api_accept(&in->api, status, result, buf_cstr(&members));
	buf_deinit(&members);
}

void intake_answer(const struct intake *in, enum err rc, enum document_result result,
    const char *report_id)
{
	if (rc == ERR_FORMAT || rc == ERR_RANGE || rc == ERR_NOT_FOUND) {
		(void)api_refuse(
		    &in->api, 422, "form", "%s", store_why(in->api.call->store));
		return;
	}
	if (rc != OK) {
		(void)api_fail(&in->api, rc);
		return;
	}
	switch (result) {
	case DOCUMENT_SAME:
		say_taken(in, 200, "same", report_id);
		return;
	case DOCUMENT_CONFLICT:
		(void)api_refuse(&in->api, 409, "conflict",
		    "a document of this id is here with other bytes");
		return;
	case DOCUMENT_SUPERSEDED:
		say_taken(in, 201, "superseded", report_id);
		return;
	case DOCUMENT_OLDER:
		say_taken(in, 201, "older", report_id);
		return;
	case DOCUMENT_NEW:
	default:
		say_taken(in, 201, "stored", report_id);
	}
}
