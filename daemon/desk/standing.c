#include "desk/standing.h"

#include "conf/config.h"
#include "desk/call.h"
#include "desk/dispatch.h"
#include "desk/presence.h"
#include "desk/users.h"

#define REVIEWERS                                                     \
	(ACCOUNT_BIT(ACCOUNT_ADMIN) | ACCOUNT_BIT(ACCOUNT_APPROVER) | \
	    ACCOUNT_BIT(ACCOUNT_TEACHER))
#define COUNSELLORS ACCOUNT_BIT(ACCOUNT_COUNSELLOR)
#define TEACHERS    (ACCOUNT_BIT(ACCOUNT_TEACHER) | ACCOUNT_BIT(ACCOUNT_ADMIN))
#define OPERATOR    (1U << PRESENCE_OPERATOR)

/* Of these roles: those that somebody still has. */
static unsigned held(const struct desk *desk, unsigned roles)
{
	const struct accounts *all = users_now(desk);
	unsigned found = 0;

	for (size_t i = 0; i < all->count; i++)
		found |= all->items[i].roles;
	return found & roles;
}

bool standing_review(const struct desk *desk)
{
	const struct config_pages *pages = &desk->config->pages;

	return pages->review == FORM_AUTO &&
	    dispatch_knows(desk, DESK_FORMS, "review-send") &&
	    presence_within(
	        desk, held(desk, REVIEWERS) | OPERATOR, pages->answer_within_ms);
}

bool standing_report(const struct desk *desk)
{
	const struct config_pages *pages = &desk->config->pages;

	return pages->report == FORM_AUTO &&
	    dispatch_knows(desk, DESK_FORMS, "report-send") &&
	    presence_within(desk, held(desk, COUNSELLORS), pages->answer_within_ms);
}

bool standing_teacher(const struct desk *desk)
{
	return dispatch_knows(desk, DESK_FORMS, "sign-in") && held(desk, TEACHERS) != 0;
}

static void on_standing(struct call *c)
{
	const struct desk *desk = c->desk;

	call_give(c,
	    json_pack("{s:b,s:b,s:b}", "review", (int)standing_review(desk), "report",
	        (int)standing_report(desk), "teacher", (int)standing_teacher(desk)));
}

static const struct part_row ROWS[] = {{"standing", on_standing}, {NULL, NULL}};

const struct part standing_part = {.name = "standing", .forms = ROWS, .desk = ROWS};
