/* GET /v1/bundles/NAME: a school asks for what its department has published. */
#include <stdio.h>
#include <string.h>

#include "district/api.h"
#include "district/bundles.h"

/* Whether If-None-Match names this row: its id in quotes, weak or not. */
static bool has_row(const char *header, const char *id)
{
	char quoted[PAPER_ID_BYTES + 3];

	(void)snprintf(quoted, sizeof quoted, "\"%s\"", id);
	return strstr(header, quoted) != NULL;
}

/* What the school has is this one or newer: it keeps it, whatever the stages say by now. */
static bool is_up_to_date(struct call *c, const struct bundle_rows *rows, size_t *chosen)
{
	const char *header = call_header(c, "if-none-match");

	for (size_t i = 0; *header != 0 && i <= *chosen; i++) {
		if (!has_row(header, rows->items[i].id))
			continue;
		*chosen = i;
		return true;
	}
	return false;
}

static void give(const struct api *api, const struct bundle_row *row)
{
	struct call *c = api->call;

	buf_reset(&c->out);
	enum err rc = bundles_read(c->store, row->id, &c->out);
	if (rc != OK)
		(void)api_fail(api, rc);
	else
		call_reply(c, 200, BUNDLES_MEDIA_TYPE);
}

static void answer(const struct api *api, const struct bundle_rows *rows, size_t chosen)
{
	struct call *c = api->call;
	char tag[PAPER_ID_BYTES + 3];
	bool has_it = is_up_to_date(c, rows, &chosen);
	const struct bundle_row *row = &rows->items[chosen];

	(void)snprintf(tag, sizeof tag, "\"%s\"", row->id);
	if (has_it) {
		call_reply(c, 304, BUNDLES_MEDIA_TYPE);
	} else if (row->expires_s <= c->now.wall_s) {
		(void)api_refuse(api, 404, "expired",
		    "the bundle has expired, and no newer one is published for you");
		return;
	} else {
		give(api, row);
	}
	call_set_header(c, "ETag", tag);
	/* It depends on who asks, and is asked for again at each visit. */
	call_set_header(c, "Cache-Control", "private, no-cache");
}

static enum err find_rows(struct call *c, const char *name, struct bundle_rows *rows)
{
	struct buf common = BUF_INIT(BUNDLE_NAME_MAX + 1);
	enum err rc = OK;

	/* Without a name: the one that schools are told at enrolment. */
	if (*name == 0)
		rc = store_setting_get(c->store, BUNDLES_DEFAULT, &common);
	rows->count = 0;
	if (rc == OK)
		rc = bundles_list(c->store, *name != 0 ? name : buf_cstr(&common), rows);
	buf_deinit(&common);
	return rc == ERR_NOT_FOUND ? OK : rc;
}

void bundles_serve(struct call *c)
{
	const struct api api = {c, METRICS_BUNDLES};
	char unit[STORE_UNIT_BYTES];
	size_t chosen = 0;

	if (!api_find_sender(&api, TOKEN_SEND, unit))
		return;
	struct bundle_rows *rows = arena_alloc(c->memory, sizeof *rows);
	if (rows == NULL) {
		(void)api_fail(&api, ERR_MEMORY);
		return;
	}
	enum err rc = find_rows(c, c->path_rest, rows);
	if (rc == OK)
		rc = bundles_choose(c->store, rows, unit, &chosen);
	if (rc == ERR_NOT_FOUND)
		(void)api_refuse(
		    &api, 404, "bundle", "there is no such bundle, or none for you yet");
	else if (rc != OK)
		(void)api_fail(&api, rc);
	else
		answer(&api, rows, chosen);
}
