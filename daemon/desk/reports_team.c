/* The counselling team's commands. Sealed bytes and the asker's own wrapped key go out, opened
 * in lachanctl's process; what comes in is sealed already. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/words.h"
#include "desk/call.h"
#include "desk/filter.h"
#include "desk/reports.h"
#include "desk/reviews.h"
#include "desk/signing.h"
#include "desk/users.h"
#include "kit/log.h"

#define TEAM ACCOUNT_BIT(ACCOUNT_COUNSELLOR)

enum {
	LIST_TEXT_BYTES = 700 << 10, /* of hexadecimal in one answer: a frame holds 1 MiB */
	REASON_MAX_BYTES = 600
};

/* ---- what every command needs ---- */

/* One step of somebody in a case, for the record: who, what, which case. */
static void record(struct call *c, const struct account *who, const char *action,
    uint32_t id, const char *detail)
{
	char actor[SIGNING_ACTOR_BYTES];
	char text[REASON_MAX_BYTES + 64];

	signing_actor(actor, who, TEAM);
	(void)snprintf(text, sizeof text, "case %u%s%s", (unsigned)id,
	    *detail != 0 ? ": " : "", detail);
	const struct filter_entry entry = {
	    .actor = actor, .action = action, .detail = text};
	filter_record(c->desk->filter, &entry);
}

static const struct report_case *case_of(struct call *c)
{
	int64_t id = call_number(c, "id", 0);
	const struct report_case *one = id <= 0 || id > UINT32_MAX
	    ? NULL
	    : cases_find(c->desk->reports->store, (uint32_t)id);

	if (one == NULL)
		call_refuse(c, "unknown", N_("there is no case of this number"));
	return one;
}

static void end_with(struct call *c, enum err rc)
{
	if (rc == OK) {
		call_done(c);
	} else {
		log_error("reports", "a case could not be changed: %s",
		    rc == ERR_IO ? strerror(errno) : err_text(rc));
		call_fail(c, rc);
	}
}

static uint32_t today(void)
{
	return reviews_day(desk_wall_s(), 0);
}

/* ---- as JSON ---- */

static json_t *day_text(uint32_t day)
{
	return json_sprintf("%04u-%02u-%02u", (unsigned)(day / 10000),
	    (unsigned)(day / 100 % 100), (unsigned)(day % 100));
}

static json_t *hex_text(struct slice bytes)
{
	char *text = malloc(2 * bytes.len + 1);
	json_t *value = NULL;

	if (text != NULL) {
		seal_to_hex(text, bytes);
		value = json_string(text);
	}
	free(text);
	return value;
}

/* A case, and the sealed bytes that `sealed` and `reply` hold. */
static json_t *case_to_json(
    const struct report_case *one, const struct buf *sealed, const struct buf *reply)
{
	json_t *object = json_pack("{s:I,s:o,s:s,s:o,s:s,s:o}", "id", (json_int_t)one->id,
	    "day", day_text(one->day), "state", case_state_word(one->state), "changed",
	    day_text(one->changed_day), "owner", one->owner, "sealed",
	    hex_text(buf_slice(sealed)));

	if (object != NULL && one->reply_day != 0) {
		(void)json_object_set_new(object, "reply_day", day_text(one->reply_day));
		(void)json_object_set_new(object, "reply", hex_text(buf_slice(reply)));
	}
	return object;
}

static json_t *case_read(struct cases *store, const struct report_case *one)
{
	struct buf sealed = BUF_INIT(SEAL_FILE_MAX);
	struct buf reply = BUF_INIT(SEAL_FILE_MAX);
	json_t *object = NULL;

	if (cases_read(store, one->id, &sealed, &reply) == OK)
		object = case_to_json(one, &sealed, &reply);
	buf_deinit(&sealed);
	buf_deinit(&reply);
	return object;
}

/* Those who read new cases, by name, with their keys: a reply is sealed to them as well. */
static json_t *team_to_json(const struct desk *desk)
{
	const struct accounts *all = users_now(desk);
	json_t *list = json_array();

	for (size_t i = 0; i < all->count; i++) {
		const struct account *a = &all->items[i];
		if (a->has_key && (a->roles & TEAM) != 0)
			(void)json_array_append_new(list,
			    json_pack("{s:s,s:o}", "name", a->name, "key",
			        hex_text((struct slice){a->key.bytes, SEAL_KEY_BYTES})));
	}
	return list;
}

static void put_own(struct call *c, json_t *reply, const struct account *who)
{
	if (reply == NULL)
		return;
	(void)json_object_set_new(
	    reply, "wrapped", hex_text((struct slice){who->wrapped, SEAL_WRAPPED_BYTES}));
	(void)json_object_set_new(reply, "me", json_string(who->name));
	(void)json_object_set_new(reply, "team", team_to_json(c->desk));
}

/* ---- looking ---- */

/* For everybody on this socket: numbers, nothing else. */
static void on_count(struct call *c)
{
	const struct cases *store = c->desk->reports->store;
	struct seal_public keys[SEAL_RECIPIENTS_MAX];
	json_int_t of_state[CASE_CLOSED + 1] = {0};

	for (size_t i = 0; i < cases_count(store); i++)
		of_state[cases_at(store, i)->state]++;
	call_give(c,
	    json_pack("{s:I,s:I,s:I,s:I,s:I,s:I}", "new", of_state[CASE_NEW], "taken",
	        of_state[CASE_TAKEN], "referred", of_state[CASE_REFERRED], "closed",
	        of_state[CASE_CLOSED], "damaged", (json_int_t)cases_damaged(store),
	        "counsellors", (json_int_t)reports_keys(c->desk, keys)));
}

/* The asker's own key, wrapped, and who else reads new cases. */
static void on_key(struct call *c)
{
	const struct account *who = signing_require(c, TEAM);

	if (who == NULL)
		return;
	json_t *reply = json_object();
	put_own(c, reply, who);
	call_give(c, reply);
}

/* From number "from" on, as many as one answer holds; "more" is where to go on, 0 at the end.
 * Closed ones only with "all". */
static void on_list(struct call *c)
{
	struct cases *store = c->desk->reports->store;
	size_t bytes = 0;
	json_int_t more = 0;

	if (signing_require(c, TEAM) == NULL)
		return;
	int64_t from = call_number(c, "from", 0);
	json_t *list = json_array();
	for (size_t i = 0; i < cases_count(store) && more == 0; i++) {
		const struct report_case *one = cases_at(store, i);
		if (one->id < from || (one->state == CASE_CLOSED && !call_flag(c, "all")))
			continue;
		bytes += 2 * (one->sealed_bytes + one->reply_bytes) + 512;
		if (bytes > LIST_TEXT_BYTES) {
			more = (json_int_t)one->id;
			continue;
		}
		json_t *object = case_read(store, one);
		if (object != NULL)
			(void)json_array_append_new(list, object);
	}
	call_give(c,
	    json_pack("{s:o,s:I,s:I}", "cases", list, "more", more, "damaged",
	        (json_int_t)cases_damaged(store)));
}

/* One case to read, to print a sheet of ("for":"sheet") or to hand over ("export", with a
 * reason). Each is an entry of the record. */
static void on_get(struct call *c)
{
	const struct account *who = signing_require(c, TEAM);
	const struct report_case *one = who == NULL ? NULL : case_of(c);

	if (one == NULL) /* the call has ended */
		return;
	const char *use = call_text(c, "for");
	const char *reason = call_text(c, "reason");
	bool export = use != NULL && strcmp(use, "export") == 0;
	bool sheet = use != NULL && strcmp(use, "sheet") == 0;
	if (export && (reason == NULL || *reason == 0)) {
		call_refuse(c, "reason", N_("handing a case over takes a reason"));
		return;
	}
	json_t *object = case_read(c->desk->reports->store, one);
	if (object == NULL) {
		call_refuse(c, WHY_FAILED, N_("the case cannot be read from the disk"));
		return;
	}
	(void)json_object_set_new(object, "reply_key",
	    hex_text((struct slice){one->reply_key.bytes, SEAL_KEY_BYTES}));
	record(c, who,
	    export      ? "report-export"
	        : sheet ? "report-sheet"
	                : "report-read",
	    one->id, export ? reason : "");
	call_give(c, object);
}

/* ---- changing ---- */

static bool judge_reason(struct call *c)
{
	const char *reason = call_text(c, "reason");

	if (reason == NULL || strlen(reason) <= REASON_MAX_BYTES)
		return true;
	call_refuse(c, "too_long", N_("the reason is too long"));
	return false;
}

/* Who takes a case takes it from nobody, unless with a reason. */
static bool may_take(struct call *c, const struct report_case *one,
    const struct account *who, enum case_state state)
{
	bool theirs = one->owner[0] != 0 && strcmp(one->owner, who->name) != 0;

	if (state != CASE_TAKEN || !theirs || one->state == CASE_CLOSED ||
	    call_text(c, "reason") != NULL)
		return true;
	call_refuse(c, "taken",
	    N_("somebody looks after this case already (with --reason you take it over)"));
	return false;
}

static void on_state(struct call *c)
{
	const struct account *who = signing_require(c, TEAM);
	const struct report_case *one = who == NULL ? NULL : case_of(c);
	enum case_state state;

	if (one == NULL || !judge_reason(c))
		return;
	const char *reason = call_text(c, "reason");
	if (!case_state_of(&state, call_text(c, "state"))) {
		call_refuse(c, WHY_FAILED, N_("a case is new, taken, referred or closed"));
		return;
	}
	if (!may_take(c, one, who, state))
		return;
	/* Who hands on or closes what nobody had looks after it. */
	const char *owner = state == CASE_NEW           ? ""
	    : state == CASE_TAKEN || one->owner[0] == 0 ? who->name
	                                                : NULL;
	enum err rc =
	    cases_set_state(c->desk->reports->store, one->id, state, owner, today());
	if (rc == OK) {
		char action[32];
		(void)snprintf(action, sizeof action, "report-%s", case_state_word(state));
		record(c, who, action, one->id, reason == NULL ? "" : reason);
	}
	end_with(c, rc);
}

/* The bytes of "sealed"; false: refused. */
static bool take_sealed(struct call *c, struct buf *out)
{
	const char *hex = call_text(c, "sealed");
	size_t size = hex == NULL ? 0 : strlen(hex) / 2;
	uint8_t *bytes = size == 0 || size > SEAL_FILE_MAX ? NULL : malloc(size);
	bool read = bytes != NULL && seal_from_hex(bytes, size, hex);

	if (read)
		buf_append(out, (struct slice){bytes, size});
	free(bytes);
	read = read && buf_status(out) == OK;
	if (!read)
		call_refuse(c, WHY_FAILED, N_("that is no sealed message"));
	return read;
}

static void on_reply(struct call *c)
{
	const struct account *who = signing_require(c, TEAM);
	const struct report_case *one = who == NULL ? NULL : case_of(c);
	struct buf sealed = BUF_INIT(SEAL_FILE_MAX);

	if (one != NULL && take_sealed(c, &sealed)) {
		enum err rc = cases_set_reply(
		    c->desk->reports->store, one->id, buf_slice(&sealed), today());
		if (rc == OK)
			record(c, who, "report-reply", one->id, "");
		end_with(c, rc);
	}
	buf_deinit(&sealed);
}

/* The same message, to more of the team. */
static void on_share(struct call *c)
{
	const struct account *who = signing_require(c, TEAM);
	const struct report_case *one = who == NULL ? NULL : case_of(c);
	struct buf sealed = BUF_INIT(SEAL_FILE_MAX);

	if (one != NULL && take_sealed(c, &sealed)) {
		enum err rc =
		    cases_share(c->desk->reports->store, one->id, buf_slice(&sealed));
		if (rc == OK)
			record(c, who, "report-share", one->id, "");
		end_with(c, rc);
	}
	buf_deinit(&sealed);
}

static void on_erase(struct call *c)
{
	const struct account *who = signing_require(c, TEAM);
	const struct report_case *one = who == NULL ? NULL : case_of(c);

	if (one == NULL || !judge_reason(c))
		return;
	const char *reason = call_text(c, "reason");
	if (one->state != CASE_CLOSED) {
		call_refuse(c, "open", N_("only a closed case can be erased"));
	} else if (reason == NULL || *reason == 0) {
		call_refuse(c, "reason", N_("erasing a case takes a reason"));
	} else {
		uint32_t id = one->id;
		enum err rc = cases_erase(c->desk->reports->store, id);
		if (rc == OK)
			record(c, who, "report-erase", id, reason);
		end_with(c, rc);
	}
}

const struct part_row REPORTS_TEAM_ROWS[] = {{"reports-count", on_count},
    {"report-key", on_key}, {"reports", on_list}, {"report-get", on_get},
    {"report-state", on_state}, {"report-reply", on_reply}, {"report-share", on_share},
    {"report-erase", on_erase}, {NULL, NULL}};
