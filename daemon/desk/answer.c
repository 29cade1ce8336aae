#include "desk/answer.h"

#include "base/words.h"
#include "desk/call.h"
#include "desk/reports.h"
#include "desk/reviews.h"

/* The cheapest to ask first. */
static answer_find *const SOURCES[] = {
    reviews_find_answer,
    reports_find_answer,
};

static enum err find(struct desk *desk, const char code[CODE_BYTES], json_t **reply)
{
	enum err rc = ERR_NOT_FOUND;

	for (size_t i = 0; rc == ERR_NOT_FOUND && i < COUNT_OF(SOURCES); i++) {
		if (SOURCES[i] != NULL)
			rc = SOURCES[i](desk, code, reply);
	}
	return rc;
}

static void on_answer(struct call *c)
{
	char code[CODE_BYTES];
	json_t *reply = NULL;
	enum err rc = ERR_NOT_FOUND;

	if (code_read(code, call_text(c, "code")))
		rc = find(c->desk, code, &reply);
	if (rc == OK)
		call_give(c, reply);
	else if (rc == ERR_NOT_FOUND)
		call_give(c, json_pack("{s:s}", "kind", "unknown"));
	else if (rc == ERR_FULL)
		call_refuse_for(c, "too_many", 1, N_("too many codes are being asked for"));
	else
		call_fail(c, rc);
}

static const struct part_row ROWS[] = {{"answer", on_answer}, {NULL, NULL}};

const struct part answer_part = {.name = "answer", .forms = ROWS};
