/* What a pupil tells, sealed; and the reply, opened for the one who has the code. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/words.h"
#include "conf/config.h"
#include "desk/call.h"
#include "desk/code_key.h"
#include "desk/notices.h"
#include "desk/reports.h"
#include "desk/reviews.h"
#include "kit/json_memory.h"
#include "kit/log.h"

enum {
	WHAT_MAX_BYTES = 6000, /* some 2000 letters of Vietnamese */
	WHERE_MAX_BYTES = 1000,
	CONTACT_MAX_BYTES = 1500,
	ID_MAX_BYTES = 40
};

#define CLOSED N_("nobody reads reports just now")

static bool is_id(const char *text)
{
	size_t len = text == NULL ? 0 : strlen(text);

	return len > 0 && len <= ID_MAX_BYTES &&
	    strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_") == len;
}

/* jansson has seen to UTF-8. Line ends and tabs are the only control characters (C0, DEL, C1)
 * that people type. */
static bool is_plain(const char *text)
{
	for (const uint8_t *at = (const uint8_t *)text; *at != 0; at++) {
		if ((*at < 0x20 && *at != '\n' && *at != '\t') || *at == 0x7f ||
		    (*at == 0xc2 && at[1] >= 0x80 && at[1] < 0xa0))
			return false;
	}
	return true;
}

static const char *text_or_empty(const struct call *c, const char *key)
{
	const char *text = call_text(c, key);

	return text == NULL ? "" : text;
}

/* False: refused. */
static bool judge_words(struct call *c)
{
	static const struct {
		const char *key;
		size_t max;
	} fields[] = {{"what", WHAT_MAX_BYTES}, {"where", WHERE_MAX_BYTES},
	    {"contact", CONTACT_MAX_BYTES}};

	if (!is_id(call_text(c, "kind")) || !is_id(call_text(c, "tier"))) {
		call_refuse(c, WHY_FAILED, N_("a report has a kind and a tier"));
		return false;
	}
	for (size_t i = 0; i < COUNT_OF(fields); i++) {
		const char *text = text_or_empty(c, fields[i].key);
		if (strlen(text) > fields[i].max) {
			call_refuse(c, "too_long", N_("the report is too long"));
			return false;
		}
		if (!is_plain(text)) {
			call_refuse(c, WHY_FAILED, N_("the report holds what is no text"));
			return false;
		}
	}
	return true;
}

static enum err seal_words(struct buf *out, const struct call *c, uint32_t id,
    const struct seal_public *to, size_t to_count)
{
	uint8_t random[SEAL_RANDOM_BYTES(SEAL_RECIPIENTS_MAX)];
	size_t wanted = SEAL_RANDOM_BYTES(to_count);
	char context[REPORTS_CONTEXT_BYTES];
	json_t *words = json_pack("{s:i,s:s,s:s,s:s,s:s,s:s}", "version", 1, "kind",
	    call_text(c, "kind"), "tier", call_text(c, "tier"), "where",
	    text_or_empty(c, "where"), "what", text_or_empty(c, "what"), "contact",
	    text_or_empty(c, "contact"));
	char *text = words == NULL ? NULL : json_dumps(words, JSON_COMPACT);
	enum err rc = text == NULL ? ERR_MEMORY : OK;

	/* getrandom() gives less than asked only above 256 bytes. */
	for (size_t have = 0; rc == OK && have < wanted;) {
		ssize_t n = getrandom(random + have, wanted - have, 0);
		if (n <= 0)
			rc = ERR_IO;
		else
			have += (size_t)n;
	}
	if (rc == OK) {
		reports_context(context, "case", id);
		struct seal_request request = {.purpose = SEAL_REPORT,
		    .context = slice_of(context),
		    .text = slice_of(text),
		    .to = to,
		    .to_count = to_count,
		    .random = random};
		rc = seal_message(out, &request);
	}
	if (text != NULL)
		seal_wipe(text, strlen(text));
	json_memory_free(text);
	json_decref(words);
	seal_wipe(random, sizeof random);
	return rc;
}

static enum err keep(
    struct call *c, const struct seal_public *to, size_t to_count, char code[CODE_BYTES])
{
	struct cases *store = c->desk->reports->store;
	struct buf sealed = BUF_INIT(SEAL_FILE_MAX);
	struct code_key key;
	struct case_new what = {
	    .id = cases_next_id(store), .day = reviews_day(desk_wall_s(), 0)};

	enum err rc = code_make(code);
	if (rc == OK)
		rc = code_key_make(&key, code, cases_salt(store));
	if (rc == OK)
		rc = seal_words(&sealed, c, what.id, to, to_count);
	if (rc == OK) {
		memcpy(what.code, key.lookup, sizeof what.code);
		what.reply_key = key.public;
		what.sealed = buf_slice(&sealed);
		rc = cases_add(store, &what);
	}
	seal_wipe(&key, sizeof key);
	buf_deinit(&sealed);
	return rc;
}

static void send_to(struct call *c, const struct seal_public *to, size_t to_count)
{
	char code[CODE_BYTES];
	char shown[CODE_SHOWN_BYTES];

	errno = 0;
	enum err rc = keep(c, to, to_count, code);
	if (rc == OK) {
		notices_count(c->desk, NOTICE_REPORT);
		code_show(shown, code);
		call_give(c, json_pack("{s:s}", "code", shown));
	} else if (rc == ERR_RANGE) { /* escaped for JSON it does not fit any more */
		call_refuse(c, "too_long", N_("the report is too long"));
	} else if (rc == ERR_FULL) {
		log_error("reports", "there is no room for further cases: close old ones");
		call_refuse_for(c, "too_many", 60, N_("too many reports wait already"));
	} else {
		if (rc == ERR_IO)
			notices_disk_refused(c->desk);
		log_error("reports", "a report could not be kept: %s",
		    rc == ERR_IO && errno != 0 ? strerror(errno) : err_text(rc));
		call_fail(c, rc);
	}
	seal_wipe(code, sizeof code);
	seal_wipe(shown, sizeof shown);
}

void reports_on_send(struct call *c)
{
	struct desk_reports *r = c->desk->reports;
	struct seal_public to[SEAL_RECIPIENTS_MAX];
	size_t to_count = reports_keys(c->desk, to);

	/* Whether a counsellor was here lately is for who shows the form to ask (standing). What
	 * has been written is better kept than lost. */
	if (c->desk->config->pages.report != FORM_AUTO || to_count == 0) {
		call_refuse(c, "closed", CLOSED);
	} else if (judge_words(c)) {
		if (bucket_take(&r->sending, desk_mono_ms()))
			send_to(c, to, to_count);
		else
			call_refuse_for(c, "too_many", 2,
			    N_("too many reports came within a few minutes"));
	}
}

/* ---- the reply ---- */

static enum err open_reply(struct desk_reports *r, const struct report_case *one,
    const struct code_key *key, json_t **reply)
{
	struct buf sealed = BUF_INIT(SEAL_FILE_MAX);
	struct seal_text *text = calloc(1, sizeof *text);
	char context[REPORTS_CONTEXT_BYTES];
	json_t *words = NULL;

	reports_context(context, "reply", one->id);
	struct seal_opener opener = {
	    .purpose = SEAL_REPLY, .context = slice_of(context), .secret = &key->secret};
	enum err rc =
	    text == NULL ? ERR_MEMORY : cases_read(r->store, one->id, NULL, &sealed);
	if (rc == OK)
		rc = seal_open(text, buf_slice(&sealed), &opener);
	if (rc == OK) {
		words = json_loadb((const char *)text->bytes, text->len, 0, NULL);
		const char *note = json_string_value(json_object_get(words, "text"));
		*reply = json_pack("{s:s,s:s,s:s}", "kind", "report", "state", "replied",
		    "note", note == NULL ? "" : note);
		rc = *reply == NULL ? ERR_MEMORY : OK;
	}
	json_decref(words);
	if (text != NULL)
		seal_wipe(text, sizeof *text);
	free(text);
	buf_deinit(&sealed);
	return rc;
}

static enum err answer_of(
    struct desk_reports *r, const struct code_key *key, json_t **reply)
{
	const struct report_case *one = cases_find_code(r->store, key->lookup);

	if (one == NULL)
		return ERR_NOT_FOUND;
	if (one->reply_day != 0)
		return open_reply(r, one, key, reply);
	*reply = json_pack("{s:s,s:s}", "kind", "report", "state", "waiting");
	return *reply == NULL ? ERR_MEMORY : OK;
}

enum err reports_find_answer(struct desk *desk, const char code[CODE_BYTES], json_t **reply)
{
	struct desk_reports *r = desk->reports;
	struct code_key key;

	if (r == NULL || cases_count(r->store) == 0)
		return ERR_NOT_FOUND;
	if (!bucket_take(&r->looking, desk_mono_ms()))
		return ERR_FULL;
	enum err rc = code_key_make(&key, code, cases_salt(r->store));
	if (rc == OK)
		rc = answer_of(r, &key, reply);
	seal_wipe(&key, sizeof key);
	return rc;
}
