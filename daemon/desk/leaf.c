#include "desk/leaf.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/words.h"
#include "conf/config.h"
#include "desk/call.h"
#include "kit/ask.h"
#include "kit/limit.h"
#include "kit/log.h"
#include "kit/mint.h"

enum {
	ASK_TIMES = 10 /* ASK_WAIT_MS each */
};

struct leaf_desk {
	struct certificate ca; /* own NULL: there is none */
	struct ask *ask;       /* NULL: the part is closed */
	struct limit limit;
	unsigned seconds; /* of the minute that `limit` counts */
};

/* What a call waits with. */
struct wanted {
	struct name_buf name;
	struct addr client;
	bool is_portal;
	unsigned asked; /* times */
};

void leaf_read_ca(struct desk *desk)
{
	const struct config_certificate *files = &desk->config->pages.ca;
	struct diag why = {.text = ""};
	bool bad_key;

	if (files->file.text[0] == 0)
		return;
	desk->leaf = calloc(1, sizeof *desk->leaf);
	enum err rc = desk->leaf == NULL
	    ? ERR_MEMORY
	    : certificate_read(&desk->leaf->ca, files, &bad_key, &why);
	if (rc != OK)
		log_error("leaf", "pages.ca: %s; blocked names get no https page",
		    why.text[0] != 0 ? why.text : err_text(rc));
}

void leaf_forget_ca(struct desk *desk)
{
	if (desk->leaf == NULL)
		return;
	certificate_deinit(&desk->leaf->ca);
	free(desk->leaf);
	desk->leaf = NULL;
}

static bool has_ca(const struct desk *desk)
{
	return desk->leaf != NULL && desk->leaf->ca.own != NULL;
}

/* ---- one call --------------------------------------------------------------------------- */

static bool read_wanted(const struct call *call, struct wanted *out)
{
	const char *name = call_text(call, "name");
	const char *client = call_text(call, "client");

	if (name == NULL || client == NULL || strchr(name, '\\') != NULL ||
	    name_from_text(&out->name, slice_of(name), NULL) != OK || out->name.len <= 1 ||
	    addr_from_text(&out->client, slice_of(client), NULL) != OK)
		return false;
	out->is_portal =
	    name_equal(name_of(&out->name), call->desk->config->pages.portal.name.name);
	return true;
}

static void give(struct call *call, const struct wanted *wanted)
{
	struct buf chain = BUF_INIT(MINT_CHAIN_MAX_BYTES);
	const char *key = call_text(call, "public_key");

	enum err rc = mint_leaf(&chain, &call->desk->leaf->ca, name_of(&wanted->name),
	    slice_of(key == NULL ? "" : key), desk_wall_s());
	if (rc == ERR_RANGE)
		call_refuse(call, "no_ca",
		    N_("the school's CA is not valid at the time this gateway's clock shows"));
	else if (rc != OK)
		call_fail(call, rc);
	else
		call_give(call, json_pack("{s:s}", "chain", buf_cstr(&chain)));
	buf_deinit(&chain);
}

static void ask_filter(struct call *call);

static void on_verdict(void *context, const struct verdict_answer *answer)
{
	struct call *call = context;
	const struct wanted *wanted = call->data;

	if (answer == NULL && wanted->asked < ASK_TIMES)
		ask_filter(call);
	else if (answer == NULL)
		call_fail(call, ERR_TIMEOUT);
	else if (!answer->blocked && !wanted->is_portal)
		call_refuse(call, "not_blocked", N_("this name is not blocked"));
	else
		give(call, wanted);
}

static void ask_filter(struct call *call)
{
	struct wanted *wanted = call->data;

	wanted->asked++;
	ask_verdict(call->desk->leaf->ask, name_of(&wanted->name), &wanted->client,
	    on_verdict, call);
}

static void run_leaf(struct call *call)
{
	struct leaf_desk *leaf = call->desk->leaf;
	struct wanted *wanted = calloc(1, sizeof *wanted);

	call->data = wanted;
	if (!has_ca(call->desk))
		call_refuse(call, "no_ca", N_("there is no CA of the school here"));
	else if (wanted == NULL)
		call_fail(call, ERR_MEMORY);
	else if (!read_wanted(call, wanted))
		call_fail(call, ERR_FORMAT);
	else if (!limit_take(&leaf->limit, &wanted->client))
		call_refuse(call, "too_many", N_("too many certificates in this minute"));
	else
		ask_filter(call);
}

/* ---- the part --------------------------------------------------------------------------- */

static enum err open_leaf(struct desk *desk, struct diag *why)
{
	char path[FILE_PATH_BYTES];

	if (!has_ca(desk))
		return OK;
	limit_init(&desk->leaf->limit, LEAF_A_MINUTE, LEAF_A_MINUTE_OF_CLIENT);
	enum err rc =
	    path_join(path, sizeof path, desk->config->server.run_dir.text, "verdict.sock");
	if (rc == OK)
		rc = ask_open(&desk->leaf->ask, desk->base, path);
	if (rc != OK)
		diag_set(why, "verdict.sock: %s", err_text(rc));
	return rc;
}

static void on_second(struct desk *desk)
{
	if (desk->leaf == NULL || ++desk->leaf->seconds < 60)
		return;
	desk->leaf->seconds = 0;
	limit_begin(&desk->leaf->limit);
}

static void close_leaf(struct desk *desk)
{
	if (desk->leaf != NULL)
		ask_close(desk->leaf->ask);
	if (desk->leaf != NULL)
		desk->leaf->ask = NULL;
}

static const struct part_row FORMS[] = {{"leaf", run_leaf}, {NULL, NULL}};

const struct part leaf_part = {.name = "leaf",
    .forms = FORMS,
    .open = open_leaf,
    .on_second = on_second,
    .close = close_leaf};
