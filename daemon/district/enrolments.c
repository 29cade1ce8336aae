#include "district/enrolments.h"

#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include <jansson.h>
#include <openssl/crypto.h>

#include "audit/audit.h"
#include "district/api.h"
#include "district/audit_book.h"
#include "district/bundles.h"
#include "district/config.h"
#include "district/district.h"
#include "district/papers.h"
#include "kit/log.h"
#include "sign/sign.h"

enum {
	BODY_MAX_BYTES = 4096,
	TOKEN_RANDOM_BYTES = 32,
	TOKEN_BYTES = 4 + 2 * TOKEN_RANDOM_BYTES + 1, /* "lcd-" and hexadecimal digits */
	ANSWER_MAX_BYTES = 8192,
	ACTOR_BYTES = STORE_UNIT_BYTES + 8
};

/* What a school sends. */
struct wish {
	uint8_t token_sha256[STORE_SHA256_BYTES];
	struct sign_public key;
};

static bool read_wish(const struct api *api, struct wish *out)
{
	struct slice body = api->call->body;
	json_error_t error;
	json_t *root = body.len <= BODY_MAX_BYTES
	    ? json_loadb((const char *)body.ptr, body.len, JSON_REJECT_DUPLICATES, &error)
	    : NULL;
	const json_t *token = json_object_get(root, "token");
	const json_t *key = json_object_get(root, "public-key");
	bool sound = json_is_string(token) && json_string_length(token) > 0 &&
	    json_is_string(key) &&
	    sign_public_read(&out->key,
	        (struct slice){(const uint8_t *)json_string_value(key),
	            json_string_length(key)}) == OK;

	if (sound)
		api_sha256(out->token_sha256,
		    (struct slice){(const uint8_t *)json_string_value(token),
		        json_string_length(token)});
	json_decref(root);
	return sound ||
	    api_refuse(api, 400, "json",
	        "wanted: {\"token\":TEXT,\"public-key\":BASE64 of 32 octets}");
}

static bool make_token(char out[TOKEN_BYTES])
{
	static const char digits[] = "0123456789abcdef";
	uint8_t random[TOKEN_RANDOM_BYTES];

	if (getrandom(random, sizeof random, 0) != (ssize_t)sizeof random)
		return false;
	memcpy(out, "lcd-", 4);
	for (size_t i = 0; i < sizeof random; i++) {
		out[4 + 2 * i] = digits[random[i] >> 4];
		out[5 + 2 * i] = digits[random[i] & 15];
	}
	out[TOKEN_BYTES - 1] = 0;
	OPENSSL_cleanse(random, sizeof random);
	return true;
}

/* ---- what is remembered ------------------------------------------------------------------- */

static void record(const struct api *api, const char *action, const char *unit,
    const struct sign_public *key)
{
	const struct call *c = api->call;
	char actor[ACTOR_BYTES];
	char detail[SIGN_PUBLIC_TEXT + 8];
	char text[SIGN_PUBLIC_TEXT];
	struct diag why = {.text = ""};

	sign_public_text(text, key);
	(void)snprintf(actor, sizeof actor, "unit:%s", unit);
	(void)snprintf(detail, sizeof detail, "key %s", text);
	const struct audit_entry entry = {
	    .actor = actor, .action = action, .scope = unit, .detail = detail};
	if (audit_book_write(c->district->state_dir, c->now.wall_s, &entry, &why) != OK)
		log_error(
		    "audit", "%s of %s is not in the record: %s", action, unit, why.text);
}

/* The token's own unit, for the record of a refusal; "" when it is nobody's. */
static void find_unit(
    const struct api *api, const struct wish *wish, char unit[STORE_UNIT_BYTES])
{
	struct token token;

	unit[0] = 0;
	if (store_token_find(api->call->store, wish->token_sha256, &token) == OK)
		(void)snprintf(unit, STORE_UNIT_BYTES, "%s", token.unit);
}

/* ---- the answer --------------------------------------------------------------------------- */

struct naming {
	int32_t today;
	char name[STORE_TEXT_BYTES + 1];
};

/* The version of today, or the last one. */
static bool take_name(void *context, const struct unit *unit)
{
	struct naming *naming = context;

	(void)snprintf(naming->name, sizeof naming->name, "%s", unit->name);
	return unit->until <= naming->today;
}

/* "https://HOST" as schools reach us: as configured, else as this one did. */
static void write_base(struct buf *out, struct call *c)
{
	const char *url = c->config->server.public_url.text;

	if (url[0] != 0)
		buf_text(out, url);
	else
		buf_printf(
		    out, "%s://%s", c->tls ? "https" : "http", call_header(c, "host"));
}

static void write_recipient(struct buf *out, struct call *c, const char *token)
{
	struct buf url = BUF_INIT(1024);

	write_base(&url, c);
	buf_text(&url, "/v1/summaries");
	buf_text(
	    out, ",\"recipient\":{\"name\":\"department\",\"role\":\"education\",\"url\":");
	api_json_text(out, buf_cstr(&url));
	buf_printf(out, ",\"token\":\"%s\"}", token);
	buf_deinit(&url);
}

static void write_bundle(struct buf *out, struct call *c)
{
	struct buf text = BUF_INIT(SIGN_PUBLIC_TEXT);
	struct buf url = BUF_INIT(1024);
	struct sign_public key;

	struct buf name = BUF_INIT(BUNDLE_NAME_MAX + 1);

	bool there = store_setting_get(c->store, ENROLMENTS_BUNDLE_KEY, &text) == OK &&
	    sign_public_read(&key, buf_slice(&text)) == OK &&
	    store_setting_get(c->store, BUNDLES_DEFAULT, &name) == OK;
	write_base(&url, c);
	buf_printf(&url, "/v1/bundles/%s", buf_cstr(&name));
	if (there) {
		buf_text(out, ",\"bundle\":{\"url\":");
		api_json_text(out, buf_cstr(&url));
		buf_printf(out, ",\"public-key\":\"%s\"}", buf_cstr(&text));
	}
	buf_deinit(&name);
	buf_deinit(&text);
	buf_deinit(&url);
}

static void answer(const struct api *api, const char *unit, const char *token)
{
	struct call *c = api->call;
	struct naming naming = {.today = day_at(c->now.wall_s, 0), .name = ""};
	struct buf members = BUF_INIT(ANSWER_MAX_BYTES);

	(void)!store_unit_list(c->store, unit, take_name, &naming);
	buf_text(&members, ",\"unit\":");
	api_json_text(&members, unit);
	buf_text(&members, ",\"name\":");
	api_json_text(&members, naming.name);
	write_recipient(&members, c, token);
	write_bundle(&members, c);
	api_accept(api, 201, "enrolled", buf_cstr(&members));
	OPENSSL_cleanse(members.ptr, members.len);
	buf_deinit(&members);
}

static void refuse(const struct api *api, const struct wish *wish)
{
	char unit[STORE_UNIT_BYTES];

	find_unit(api, wish, unit);
	record(api, "enrol-refused", unit, &wish->key);
	(void)api_refuse(api, 403, "token",
	    "this token has run out, was revoked, or enrolled another key (ask for a new "
	    "enrolment file)");
}

static void enrol(const struct api *api, const struct wish *wish)
{
	struct call *c = api->call;
	struct enrolment enrolment = {.note = "enrolled", .now_s = c->now.wall_s};
	char unit[STORE_UNIT_BYTES];
	char token[TOKEN_BYTES];

	if (!make_token(token)) {
		(void)api_fail(api, ERR_IO);
		return;
	}
	memcpy(enrolment.token_sha256, wish->token_sha256, sizeof enrolment.token_sha256);
	memcpy(enrolment.key, wish->key.bytes, sizeof enrolment.key);
	api_sha256(enrolment.bearer_sha256, slice_of(token));
	enum err rc = store_enrol(c->store, &enrolment, unit);
	if (rc == OK) {
		record(api, "enrol", unit, &wish->key);
		answer(api, unit, token);
	} else if (rc == ERR_NOT_FOUND) {
		(void)api_refuse(api, 401, "token", "this token is not known");
	} else if (rc == ERR_DENIED) {
		refuse(api, wish);
	} else {
		(void)api_fail(api, rc);
	}
	OPENSSL_cleanse(token, sizeof token);
}

/* A token that was found somewhere fills no record: its tries have an hour of their own. */
static bool take_turn(const struct api *api, const struct wish *wish)
{
	char hex[2 * STORE_SHA256_BYTES + 1];

	api_hex(hex, wish->token_sha256);
	return api_take_turn(api, hex);
}

void enrolments_post(struct call *c)
{
	const struct api api = {c, METRICS_ENROLMENTS};
	struct wish wish;

	if (api_trust_clock(&api) && api_check_type(&api, "application/json") &&
	    read_wish(&api, &wish) && take_turn(&api, &wish))
		enrol(&api, &wish);
}
