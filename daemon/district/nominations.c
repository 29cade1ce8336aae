#include "district/nominations.h"

#include <stdio.h>
#include <string.h>

#include "district/api.h"
#include "district/nomination.h"
#include "district/papers.h"

enum {
	BODY_MAX_BYTES = 32 * 1024,
	ID_DIGITS = 32
};

static void answer(const struct api *api, enum err rc, enum document_result result,
    const struct paper *paper)
{
	struct buf members = BUF_INIT(1024);

	if (rc != OK) {
		(void)api_fail(api, rc);
		return;
	}
	buf_text(&members, ",\"id\":");
	api_json_text(&members, paper->id);
	buf_text(&members, ",\"name\":");
	api_json_text(&members, paper->title);
	if (result == DOCUMENT_NEW)
		api_accept(api, 201, "stored", buf_cstr(&members));
	else
		api_accept(api, 200, "same", buf_cstr(&members));
	buf_deinit(&members);
}

/* The id is that of partner and content, so that the same call again is the same paper. */
static void store(
    const struct api *api, const struct nomination *nomination, const char *partner)
{
	const struct call *c = api->call;
	struct buf body = BUF_INIT(BODY_MAX_BYTES);
	char id[2 * STORE_SHA256_BYTES + 1];
	enum document_result result = DOCUMENT_NEW;

	nomination_write(nomination, partner, &body);
	struct paper paper = {.kind = PAPER_NOMINATION,
	    .id = id,
	    .unit = "",
	    .state = "new",
	    .title = nomination->name,
	    .category = nomination->category,
	    .day = DAY_NONE,
	    .made_s = c->now.wall_s,
	    .changed_by = "",
	    .note = "",
	    .body = buf_slice(&body)};
	api_sha256(paper.sha256, buf_slice(&body));
	api_hex(id, paper.sha256);
	id[ID_DIGITS] = 0;
	enum err rc = buf_status(&body);
	if (rc == OK)
		rc = store_paper_put(c->store, &paper, &result);
	answer(api, rc, result, &paper);
	buf_deinit(&body);
}

void nominations_post(struct call *c)
{
	const struct api api = {c, METRICS_NOMINATIONS};
	char partner[STORE_UNIT_BYTES];
	struct nomination nomination;
	struct diag why = {.text = ""};

	if (!api_find_sender(&api, TOKEN_PARTNER, partner) ||
	    !api_take_turn(&api, partner) || !api_check_type(&api, "application/json"))
		return;
	const char *fault = nomination_read(&nomination, c->body, &why);
	if (fault != NULL)
		(void)api_refuse(
		    &api, strcmp(fault, "json") == 0 ? 400 : 422, fault, "%s", why.text);
	else
		store(&api, &nomination, partner);
}
