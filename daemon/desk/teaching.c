#include "desk/teaching.h"

#include <string.h>

#include "base/words.h"
#include "conf/config.h"
#include "desk/call.h"
#include "desk/evening.h"
#include "desk/filter.h"
#include "desk/signing.h"
#include "kit/local_time.h"

#define TEACHERS (ACCOUNT_BIT(ACCOUNT_TEACHER) | ACCOUNT_BIT(ACCOUNT_ADMIN))

#define WHY_WRONG  "wrong"
#define WHY_SHARED "shared"

/* The filter's words for the page's. */
static const struct {
	const char *filter;
	const char *why;
} WORDS[] = {
    {"wrong", WHY_WRONG},
    {"unknown_group", WHY_WRONG},
    {"public_suffix", WHY_WRONG},
    {"too_long", WHY_WRONG},
    {"shared", WHY_SHARED},
    {"failed", WHY_FAILED},
    {"clock", WHY_FAILED},
    {"no_tier", WHY_FAILED},
    {"too_many", WHY_FAILED},
};

static void refuse_as_filter(struct call *c, const json_t *answer)
{
	const char *word = json_string_value(json_object_get(answer, "why"));
	const char *sentence = json_string_value(json_object_get(answer, "error"));
	const char *why = WHY_REFUSED;

	if (sentence == NULL) {
		call_refuse(c, WHY_FAILED, N_("the filter does not answer"));
		return;
	}
	for (size_t i = 0; i < COUNT_OF(WORDS); i++)
		if (word == NULL || strcmp(word, WORDS[i].filter) == 0) {
			why = word == NULL ? WHY_FAILED : WORDS[i].why;
			break;
		}
	call_refuse(c, why, sentence);
}

static void on_filter(struct call *c, const json_t *answer)
{
	const json_t *until = json_object_get(answer, "until_s");

	if (!filter_agreed(answer))
		refuse_as_filter(c, answer);
	else
		call_give(c, json_pack("{s:I}", "until_s", json_integer_value(until)));
}

static void on_open(struct call *c)
{
	char actor[SIGNING_ACTOR_BYTES];
	const struct account *account = signing_require(c, TEACHERS);
	const char *reason;

	if (account == NULL)
		return;
	signing_actor(actor, account, TEACHERS);
	if (call_text(c, "name") == NULL || call_text(c, "group") == NULL) {
		call_refuse(c, WHY_WRONG, N_("that is no request"));
		return;
	}
	reason = call_text(c, "reason");
	call_ask_filter(c,
	    json_pack("{s:s,s:s,s:s,s:I,s:s,s:s}", "command", "open", "name",
	        call_text(c, "name"), "group", call_text(c, "group"), "for_ms",
	        (json_int_t)c->desk->config->pages.teacher_open_ms, "actor", actor,
	        "reason", reason == NULL ? "" : reason),
	    on_filter);
}

/* Who, and until when; never which device. */
static void record_staff(const struct call *c, int64_t until_s)
{
	char until[LOCAL_TIME_TEXT_BYTES] = "";
	const char *actor = c->data;
	const struct filter_entry entry = {.actor = actor,
	    .action = until_s == 0 ? "staff-end" : "staff",
	    .scope = "staff",
	    .detail = until};

	if (until_s != 0)
		local_time_text(until, until_s);
	filter_record(c->desk->filter, &entry);
}

static void on_staff_answer(struct call *c, const json_t *answer)
{
	if (filter_agreed(answer))
		record_staff(c, json_integer_value(json_object_get(answer, "until_s")));
	on_filter(c, answer);
}

static void on_staff(struct call *c)
{
	char actor[SIGNING_ACTOR_BYTES];
	const struct account *account = signing_require(c, TEACHERS);
	json_t *request;

	if (account == NULL)
		return;
	signing_actor(actor, account, TEACHERS);
	c->data = strdup(actor);
	request =
	    json_pack("{s:s,s:s}", "command", "staff", "client", call_text(c, "client"));
	if (c->data == NULL || request == NULL) {
		json_decref(request);
		call_fail(c, ERR_MEMORY);
		return;
	}
	if (call_flag(c, "end"))
		(void)json_object_set_new(request, "end", json_true());
	else
		(void)json_object_set_new(request, "until_s",
		    json_integer((json_int_t)evening_after(desk_wall_s())));
	call_ask_filter(c, request, on_staff_answer);
}

static const struct part_row ROWS[] = {
    {"open", on_open}, {"staff", on_staff}, {NULL, NULL}};

const struct part teaching_part = {.name = "teaching", .forms = ROWS};
