#include "desk/teaching.h"

#include <string.h>

#include "base/words.h"
#include "conf/config.h"
#include "desk/call.h"
#include "desk/evening.h"
#include "desk/filter.h"
#include "desk/signing.h"
#include "net/addr.h"

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

/* Behind loopback stands everybody who uses a proxy on the gateway itself. */
static bool is_shared(const char *client)
{
	struct addr addr;

	return addr_from_text(&addr, slice_of(client), NULL) != OK ||
	    addr_is_loopback(&addr);
}

static void on_staff(struct call *c)
{
	char actor[SIGNING_ACTOR_BYTES];
	const struct account *account = signing_require(c, TEACHERS);
	json_t *request;

	if (account == NULL)
		return;
	if (c->from != DESK_FORMS || is_shared(call_text(c, "client"))) {
		call_refuse(c, WHY_SHARED,
		    N_("several people share this address, so it cannot become one "
		       "person's"));
		return;
	}
	signing_actor(actor, account, TEACHERS);
	request = json_pack("{s:s,s:s,s:s}", "command", "staff", "client",
	    call_text(c, "client"), "actor", actor);
	if (request != NULL && call_flag(c, "end"))
		(void)json_object_set_new(request, "end", json_true());
	else if (request != NULL)
		(void)json_object_set_new(request, "until_s",
		    json_integer((json_int_t)evening_after(desk_wall_s())));
	call_ask_filter(c, request, on_filter);
}

static const struct part_row ROWS[] = {
    {"open", on_open}, {"staff", on_staff}, {NULL, NULL}};

const struct part teaching_part = {.name = "teaching", .forms = ROWS};
