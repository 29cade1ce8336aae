#include "desk/reviews.h"

#include <errno.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/file.h"
#include "base/words.h"
#include "conf/config.h"
#include "desk/call.h"
#include "desk/filter.h"
#include "desk/notices.h"
#include "desk/presence.h"
#include "desk/standing.h"
#include "dns/idn.h"
#include "kit/log.h"

/* ---- days and codes ---- */

uint32_t reviews_day(int64_t wall_s, int back)
{
	time_t at = (time_t)wall_s;
	struct tm day;

	if (localtime_r(&at, &day) == NULL)
		return 0;
	day.tm_mday -= back;
	day.tm_hour = 12; /* no zone skips noon */
	day.tm_isdst = -1;
	if (mktime(&day) == (time_t)-1 || day.tm_year < 0)
		return 0;
	return (uint32_t)(day.tm_year + 1900) * 10000 + (uint32_t)(day.tm_mon + 1) * 100 +
	    (uint32_t)day.tm_mday;
}

/* The first half of SHA-256: a code has 49 bits, so a slower digest would not hide it from
 * who holds the disk, and there is nothing behind it but the answer that stands beside it. */
static enum err digest_code(uint8_t out[REVIEW_CODE_BYTES], const char code[CODE_BYTES])
{
	static const char WORD[] = "lachan review code"; /* its NUL parts the two */
	uint8_t text[sizeof WORD + CODE_LETTERS], digest[EVP_MAX_MD_SIZE];

	memcpy(text, WORD, sizeof WORD);
	memcpy(text + sizeof WORD, code, CODE_LETTERS);
	if (EVP_Digest(text, sizeof text, digest, NULL, EVP_sha256(), NULL) != 1)
		return ERR_MEMORY;
	memcpy(out, digest, REVIEW_CODE_BYTES);
	return OK;
}

/* ---- review-send ---- */

/* A wish while the filter is asked about its name. */
struct wish {
	char name[REVIEW_NAME_BYTES];
	char tier[REVIEW_TIER_BYTES];
	char reason[REVIEW_TEXT_BYTES];
};

/* "Truong.VN." or letters of any language, as the store has it. */
static bool read_name(const char *typed, char out[REVIEW_NAME_BYTES])
{
	char text[NAME_TEXT_MAX];
	struct name_buf name;

	if (typed == NULL || name_from_people(&name, slice_of(typed), NULL) != OK)
		return false;
	name_to_text(text, name_of(&name));
	if (!review_name_is_sound(text))
		return false;
	memcpy(out, text, strlen(text) + 1);
	return true;
}

static bool read_wish(struct call *c, struct wish *out)
{
	const char *reason = call_text(c, "reason"), *tier = call_text(c, "tier");
	size_t index;

	if (!read_name(call_text(c, "name"), out->name)) {
		call_refuse(c, "name", N_("that is not a domain name"));
	} else if (reason != NULL &&
	    (strlen(reason) >= sizeof out->reason ||
	        review_text_length(reason) > REVIEW_TEXT_CHARS)) {
		call_refuse(c, "too_long", N_("a reason has at most 500 characters"));
	} else if (reason != NULL && !review_text_is_sound(reason)) {
		call_refuse(c, WHY_FAILED, N_("the reason holds what is no text"));
	} else if (tier == NULL || !config_find_tier(c->desk->config, tier, &index) ||
	    !review_tier_is_sound(tier)) {
		call_refuse(c, WHY_FAILED, N_("there is no such tier"));
	} else {
		memcpy(out->tier, tier, strlen(tier) + 1);
		if (reason != NULL)
			memcpy(out->reason, reason, strlen(reason) + 1);
		return true;
	}
	return false;
}

static void keep_wish(struct call *c)
{
	const struct wish *wish = c->data;
	struct review_request request = {.name = wish->name,
	    .tier = wish->tier,
	    .reason = wish->reason,
	    .day = reviews_day(desk_wall_s(), 0)};
	char code[CODE_BYTES], shown[CODE_SHOWN_BYTES];
	uint32_t id;

	enum err rc = code_make(code);
	if (rc == OK)
		rc = digest_code(request.code, code);
	if (rc == OK)
		rc = reviews_ask(c->desk->reviews->store, &request, &id);
	if (rc == ERR_FULL) {
		call_refuse(c, "too_many", N_("too many names wait for an answer already"));
		return;
	}
	if (rc != OK) {
		if (rc == ERR_IO)
			notices_disk_refused(c->desk);
		/* Not which name: the log has no place for what pupils ask for. */
		log_error("reviews", "a request could not be kept: %s",
		    rc == ERR_IO ? strerror(errno) : err_text(rc));
		call_fail(c, rc);
		return;
	}
	notices_count(c->desk, NOTICE_REVIEW);
	code_show(shown, code);
	call_give(c, json_pack("{s:s}", "code", shown));
}

static void on_explained(struct call *c, const json_t *answer)
{
	const char *verdict = json_string_value(json_object_get(answer, "verdict"));
	const char *reason = json_string_value(json_object_get(answer, "reason"));

	if (!filter_agreed(answer) || verdict == NULL || reason == NULL) {
		call_refuse(c, WHY_FAILED, N_("the filter does not answer"));
	} else if (strcmp(reason, "locked") == 0) {
		call_refuse(
		    c, "refused", N_("nobody at the school opens a name of this category"));
	} else if (strcmp(reason, "no-rules") == 0) {
		call_refuse(c, WHY_FAILED, N_("the filter has no rules yet"));
	} else if (strcmp(verdict, "block") != 0 || strcmp(reason, "portal") == 0) {
		call_refuse(c, "open", N_("that name is open already"));
	} else {
		keep_wish(c);
	}
}

static void on_send(struct call *c)
{
	struct desk_reviews *r = c->desk->reviews;
	struct wish *wish = calloc(1, sizeof *wish);

	c->data = wish;
	if (wish == NULL) {
		call_fail(c, ERR_MEMORY);
	} else if (!standing_review(c->desk)) {
		call_refuse(c, "closed", N_("the form is closed"));
	} else if (read_wish(c, wish)) {
		if (!bucket_take(&r->sending, desk_mono_ms())) {
			call_refuse_for(c, "too_many", 1,
			    N_("too many requests came within a few minutes"));
			return;
		}
		call_ask_filter(c,
		    json_pack("{s:s,s:s,s:s,s:b}", "command", "explain", "name", wish->name,
		        "tier", wish->tier, "lines", 0),
		    on_explained);
	}
}

/* ---- answer ---- */

static const char *state_of(const struct review *v)
{
	if (v->state != REVIEW_OPENED)
		return v->state == REVIEW_KEPT ? "not_opened" : "waiting";
	if (v->until_s == 0)
		return "opened";
	return v->until_s > desk_wall_s() ? "opened_until" : "ended";
}

enum err reviews_find_answer(struct desk *desk, const char code[CODE_BYTES], json_t **reply)
{
	struct desk_reviews *r = desk->reviews;
	uint8_t digest[REVIEW_CODE_BYTES];

	if (r == NULL)
		return ERR_NOT_FOUND;
	if (!bucket_take(&r->looking, desk_mono_ms()))
		return ERR_FULL;
	enum err rc = digest_code(digest, code);
	if (rc != OK)
		return rc;
	const struct review *v = reviews_find_code(r->store, digest);
	if (v == NULL)
		return ERR_NOT_FOUND;
	const char *state = state_of(v);
	*reply = json_pack("{s:s,s:s}", "kind", "review", "state", state);
	if (*reply == NULL)
		return ERR_MEMORY;
	if (strcmp(state, "opened_until") == 0)
		(void)json_object_set_new(*reply, "until_s", json_integer(v->until_s));
	if (v->note != NULL)
		(void)json_object_set_new(*reply, "note", json_string(v->note));
	return OK;
}

/* ---- reviews ---- */

static void put_day(json_t *object, const char *key, uint32_t day)
{
	char text[16];

	(void)snprintf(
	    text, sizeof text, "%04u-%02u-%02u", day / 10000, day / 100 % 100, day % 100);
	(void)json_object_set_new(object, key, json_string(text));
}

static json_t *tiers_to_json(const struct review *v)
{
	struct review_tier tiers[REVIEW_TIERS];
	size_t count = review_tiers(v, tiers);
	json_t *list = json_array();

	for (size_t i = 0; i < count; i++)
		(void)json_array_append_new(list,
		    json_pack("{s:s,s:I}", "tier", tiers[i].tier, "asked",
		        (json_int_t)tiers[i].asked));
	return list;
}

static json_t *reasons_to_json(const struct review *v)
{
	json_t *list = json_array();

	for (size_t i = 0; i < v->ask_count; i++) {
		const struct review_ask *ask = &v->asks[i];
		if (ask->reason != NULL)
			(void)json_array_append_new(list,
			    json_pack("{s:s,s:s}", "tier", ask->tier, "text", ask->reason));
	}
	return list;
}

json_t *review_to_json(const struct review *v)
{
	json_t *one =
	    json_pack("{s:I,s:s,s:s,s:I,s:o,s:o}", "id", (json_int_t)v->id, "name", v->name,
	        "state", review_state_word(v->state), "asked", (json_int_t)v->ask_count,
	        "tiers", tiers_to_json(v), "reasons", reasons_to_json(v));

	if (one == NULL)
		return NULL;
	put_day(one, "first", v->asks[0].day);
	put_day(one, "last", v->asks[v->ask_count - 1].day);
	if (v->state != REVIEW_WAITING) {
		put_day(one, "answered", v->answer_day);
		(void)json_object_set_new(
		    one, "note", json_string(v->note == NULL ? "" : v->note));
	}
	if (v->state == REVIEW_OPENED)
		(void)json_object_set_new(one, "until_s", json_integer(v->until_s));
	return one;
}

/* Oldest first; as many as one answer holds, `more` says how many do not. */
static void on_list(struct call *c)
{
	enum {
		LIST_REASON_BYTES = 512 * 1024 /* half a frame: escapes take room */
	};
	const struct reviews *store = c->desk->reviews->store;
	json_t *list = json_array();
	size_t bytes = 0, more = 0;

	if (call_flag(c, "person"))
		presence_note(c->desk, 1U << PRESENCE_OPERATOR);
	for (size_t i = 0; i < reviews_count(store); i++) {
		const struct review *v = reviews_at(store, i);
		if (v->state != REVIEW_WAITING && !call_flag(c, "all"))
			continue;
		for (size_t k = 0; k < v->ask_count; k++) {
			const char *reason = v->asks[k].reason;
			bytes += reason == NULL ? 0 : strlen(reason);
		}
		bytes += 1024 + (v->note == NULL ? 0 : strlen(v->note));
		if (bytes > LIST_REASON_BYTES)
			more++;
		else
			(void)json_array_append_new(list, review_to_json(v));
	}
	call_give(c,
	    json_pack("{s:o,s:I,s:I}", "reviews", list, "waiting",
	        (json_int_t)reviews_waiting(store), "more", (json_int_t)more));
}

/* ---- life ---- */

static void forget_old(struct desk *desk)
{
	struct desk_reviews *r = desk->reviews;
	int64_t now_s = desk_wall_s();
	uint32_t today = reviews_day(now_s, 0);
	size_t removed;

	if (today == r->looked_day)
		return;
	r->looked_day = today;
	enum err rc = reviews_expire(r->store, reviews_day(now_s, REVIEWS_ANSWERED_DAYS),
	    reviews_day(now_s, REVIEWS_WAITING_DAYS), &removed);
	if (rc != OK) {
		log_warn("reviews", "old requests could not be forgotten: %s",
		    rc == ERR_IO ? strerror(errno) : err_text(rc));
	} else if (removed > 0) {
		log_info("reviews", "%zu old requests are forgotten", removed);
	}
}

static enum err open_part(struct desk *desk, struct diag *why)
{
	struct desk_reviews *r = calloc(1, sizeof *r);
	char path[FILE_PATH_BYTES];

	if (r == NULL)
		return ERR_MEMORY;
	r->sending = (struct bucket){REVIEWS_SEND_MOST, REVIEWS_SEND_EVERY_MS, 0, 0};
	r->looking = (struct bucket){REVIEWS_LOOK_MOST, REVIEWS_LOOK_EVERY_MS, 0, 0};
	enum err rc =
	    path_join(path, sizeof path, desk->config->server.state_dir.text, "reviews");
	if (rc == OK)
		rc = reviews_open(&r->store, path, why);
	if (rc != OK) {
		free(r);
		return rc;
	}
	desk->reviews = r;
	if (reviews_torn_bytes(r->store) > 0)
		log_warn("reviews", "%zu bytes of a torn end are cut off",
		    reviews_torn_bytes(r->store));
	if (reviews_damaged(r->store) > 0)
		log_warn(
		    "reviews", "%zu damaged lines are left out", reviews_damaged(r->store));
	forget_old(desk);
	return OK;
}

static void close_part(struct desk *desk)
{
	reviews_close(desk->reviews->store);
	free(desk->reviews);
	desk->reviews = NULL;
}

static const struct part_row FORMS_ROWS[] = {{"review-send", on_send}, {NULL, NULL}};
static const struct part_row DESK_ROWS[] = {
    {"reviews", on_list}, {"reviews-answer", reviews_on_answer}, {NULL, NULL}};

const struct part reviews_part = {.name = "reviews",
    .forms = FORMS_ROWS,
    .desk = DESK_ROWS,
    .open = open_part,
    .on_second = forget_old,
    .close = close_part};
