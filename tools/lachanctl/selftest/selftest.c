#include "lachanctl/selftest/selftest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/words.h"
#include "dns/codes.h"

static const char *const OUTCOME_WORDS[] = {
    [OUTCOME_BLOCKED] = "blocked",
    [OUTCOME_OPEN] = "open",
    [OUTCOME_OPEN_NOW] = "open-now",
    [OUTCOME_UNFILLED] = "unfilled",
    [OUTCOME_UNKNOWN] = "unknown",
    [OUTCOME_WRONG] = "wrong",
};

const char *outcome_word(enum outcome outcome)
{
	return OUTCOME_WORDS[outcome];
}

static const char *text_of(const json_t *object, const char *key)
{
	const char *value = json_string_value(json_object_get(object, key));

	return value != NULL ? value : "";
}

/* ---- which cells, and what the filter says of each ---- */

static bool is_blocked(const json_t *said)
{
	return strcmp(text_of(said, "verdict"), "block") == 0;
}

/* No rule in force speaks of the name. */
static bool is_unspoken(const json_t *said)
{
	return said == NULL || strcmp(text_of(said, "reason"), "nothing") == 0;
}

/* A blocked name tells more than an open one; the first name more than the next. */
static void take_said(struct selftest *t, const json_t *said)
{
	size_t tier, category;

	if (!config_find_tier(t->config, text_of(said, "tier"), &tier) ||
	    !config_find_category(t->config, text_of(said, "category"), &category))
		return;
	struct cell *cell = cell_at(t, tier, category);
	if (cell->said == NULL || (is_unspoken(cell->said) && !is_unspoken(said)))
		cell->said = said;
	cell->index = (int)json_integer_value(json_object_get(said, "index"));
}

static void take_reply(struct selftest *t, const json_t *reply)
{
	const json_t *said;
	size_t i;

	json_array_foreach(json_object_get(reply, "cells"), i, said) take_said(t, said);
}

static enum ctl_status ask_filter(struct selftest *t, json_t *names, json_t **reply)
{
	enum ctl_status status = ctl_ask(t->ctl, t->ctl->control_path, "selftest",
	    json_pack("{s:o}", "names", names), reply);

	if (status == CTL_DONE)
		take_reply(t, *reply);
	return status;
}

/* Categories that some tier blocks, and of which no name has been found. */
static bool find_missing(const struct selftest *t, bool *wanted)
{
	bool any = false;

	for (size_t c = 0; c < t->config->categories.count; c++) {
		bool blocked = false, spoken = false;
		for (size_t i = 0; i < t->config->tiers.count; i++) {
			const struct cell *cell = cell_at(t, i, c);
			blocked = blocked || cell->expected;
			spoken = spoken || !is_unspoken(cell->said);
		}
		wanted[c] = blocked && !spoken;
		any = any || wanted[c];
	}
	return any;
}

static enum ctl_status gather(struct selftest *t)
{
	bool wanted[RULES_CATEGORIES_MAX] = {false};

	for (size_t i = 0; i < t->config->tiers.count; i++)
		for (size_t c = 0; c < t->config->categories.count; c++)
			*cell_at(t, i, c) = (struct cell){.tier = i,
			    .category = c,
			    .expected = (t->config->tiers.items[i].block >> c & 1) != 0};
	enum ctl_status status = ask_filter(t, names_for_trying(t->config), &t->reply);
	if (status == CTL_DONE && find_missing(t, wanted))
		status = ask_filter(t, names_of_lists(t->config, wanted), &t->more);
	if (status != CTL_DONE)
		return status;
	t->option = (uint16_t)json_integer_value(json_object_get(t->reply, "option"));
	t->token = strtoull(text_of(t->reply, "token"), NULL, 16);
	t->status = ctl_peek(t->ctl->control_path, "status");
	return CTL_DONE;
}

/* ---- asking ---- */

/* Where the filter can be asked from here. */
static struct addr server_at(const struct config_endpoint *listen)
{
	struct addr at = listen->addr;

	if (addr_is_unspecified(&at)) {
		at = addr_from_octets(at.family == AF_INET
		        ? SLICE_LIT("\177\0\0\1")
		        : SLICE_LIT("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1"));
		at.port = listen->addr.port;
	}
	return at;
}

static struct question question_of(const struct selftest *t, const struct cell *cell,
    const struct addr *server, enum transport_kind transport, uint16_t qtype)
{
	return (struct question){.server = *server,
	    .transport = transport,
	    .name = text_of(cell->said, "name"),
	    .qtype = qtype,
	    .option = t->option,
	    .token = t->token,
	    .index = cell->index};
}

/* The page's address, as the configuration says: ours where it is found by itself. */
static bool is_page(const struct selftest *t, const struct addr *address)
{
	const struct config_answer *set = address->family == AF_INET
	    ? &t->config->filter.answer.ipv4
	    : &t->config->filter.answer.ipv6;

	return set->kind == ANSWER_ADDRESS ? addr_equal(&set->addr, address)
	                                   : interfaces_is_ours(&t->interfaces, address);
}

static bool is_right_answer(
    const struct selftest *t, const char *kind, uint16_t qtype, const struct reply *r)
{
	const struct config_answer *set = qtype == TYPE_A ? &t->config->filter.answer.ipv4
	                                                  : &t->config->filter.answer.ipv6;

	if (strcmp(kind, "nxdomain") == 0)
		return r->rcode == RCODE_NXDOMAIN && r->answers == 0;
	if (strcmp(kind, "refused") == 0)
		return r->rcode == RCODE_REFUSED;
	if (r->rcode != RCODE_NOERROR)
		return false;
	if (strcmp(kind, "nodata") == 0)
		return r->answers == 0;
	if (strcmp(kind, "null") == 0)
		return r->answers == 1 && addr_is_unspecified(&r->address);
	/* warning: without an address of this family there is nothing to give */
	return r->answers == 0 ? qtype == TYPE_AAAA || set->kind != ANSWER_ADDRESS
	                       : r->answers == 1 && is_page(t, &r->address);
}

/* False, with why, unless the answer is what the filter says a blocked name gets. */
static bool judge_answer(const struct selftest *t, const json_t *said, uint16_t qtype,
    const struct reply *r, char why[SELFTEST_WHY_BYTES])
{
	char address[ADDR_TEXT_MAX];
	unsigned ede =
	    json_is_true(json_object_get(said, "locked")) ? EDE_CENSORED : EDE_BLOCKED;

	addr_to_text(address, &r->address);
	if (!r->came)
		(void)snprintf(why, SELFTEST_WHY_BYTES, "%s", _("nobody answers"));
	else if (r->rcode == RCODE_SERVFAIL)
		(void)snprintf(why, SELFTEST_WHY_BYTES, "%s", _("it is not blocked"));
	else if (!is_right_answer(t, text_of(said, "answer"), qtype, r))
		(void)snprintf(why, SELFTEST_WHY_BYTES,
		    _("the answer is not \"%s\": rcode %u, %zu records, address %s"),
		    text_of(said, "answer"), r->rcode, r->answers, address);
	else if (r->ede != ede)
		(void)snprintf(why, SELFTEST_WHY_BYTES,
		    _("the answer does not say that it is blocked (EDE %u)"), ede);
	else
		return true;
	return false;
}

/* A, and where it is the page that is given, AAAA. */
static void try_cell(const struct selftest *t, struct cell *cell, const struct addr *server)
{
	static const uint16_t TYPES[] = {TYPE_A, TYPE_AAAA};

	cell->outcome = OUTCOME_BLOCKED;
	for (size_t i = 0; i < COUNT_OF(TYPES) && cell->outcome == OUTCOME_BLOCKED; i++) {
		const struct question q = question_of(t, cell, server, OVER_UDP, TYPES[i]);
		const struct reply r = question_ask(&q);
		if (!judge_answer(t, cell->said, TYPES[i], &r, cell->why))
			cell->outcome = OUTCOME_WRONG;
	}
}

static bool is_empty(const struct selftest *t, const char *category)
{
	const json_t *one;
	size_t i;

	json_array_foreach(
	    json_object_get(json_object_get(t->status, "rules"), "empty_categories"), i,
	    one)
	{
		if (strcmp(json_string_value(one), category) == 0)
			return true;
	}
	return false;
}

static void judge_cell(
    const struct selftest *t, struct cell *cell, const struct addr *server)
{
	const char *category = t->config->categories.items[cell->category].name.text;

	if (cell->said != NULL && is_blocked(cell->said)) {
		try_cell(t, cell, server);
	} else if (!cell->expected) {
		cell->outcome = OUTCOME_OPEN;
	} else if (!is_unspoken(cell->said)) {
		cell->outcome = OUTCOME_OPEN_NOW;
		(void)snprintf(
		    cell->why, sizeof cell->why, "%s", text_of(cell->said, "reason"));
	} else {
		cell->outcome = is_empty(t, category) ? OUTCOME_UNFILLED : OUTCOME_UNKNOWN;
	}
}

/* ---- what is tried once ---- */

static struct check *add_check(struct selftest *t, const char *id, const struct addr *at)
{
	static struct check spare;

	if (t->check_count == SELFTEST_CHECKS_MAX)
		return &spare;
	struct check *check = &t->checks[t->check_count++];
	check->id = id;
	addr_to_text_port(check->address, at);
	return check;
}

/* A cell of this machine's own tier whose name leads to the page; NULL: there is none. */
static const struct cell *own_cell(const struct selftest *t)
{
	size_t tier;

	if (!config_find_tier(t->config, text_of(t->reply, "own_tier"), &tier))
		return NULL;
	for (size_t c = 0; c < t->config->categories.count; c++) {
		const struct cell *cell = cell_at(t, tier, c);
		if (cell->said != NULL && is_blocked(cell->said) &&
		    strcmp(text_of(cell->said, "answer"), "warning") == 0)
			return cell;
	}
	return NULL;
}

static void check_transports(struct selftest *t, const struct cell *cell)
{
	const struct config_endpoints *listen = &t->config->server.listen;

	for (size_t i = 0; i < listen->count; i++) {
		const struct addr server = server_at(&listen->items[i]);
		static const struct {
			enum transport_kind kind;
			const char *id;
		} WAYS[] = {{OVER_UDP, "dns-udp"}, {OVER_TCP, "dns-tcp"}};
		for (size_t k = 0; k < COUNT_OF(WAYS); k++) {
			struct check *check = add_check(t, WAYS[k].id, &server);
			const struct question q =
			    question_of(t, cell, &server, WAYS[k].kind, TYPE_A);
			const struct reply r = question_ask(&q);
			check->ok = judge_answer(t, cell->said, TYPE_A, &r, check->why);
		}
	}
}

static void check_pages(struct selftest *t, const struct cell *cell)
{
	const struct config_endpoints *pages = &t->config->pages.listen;
	unsigned wanted = json_is_true(json_object_get(cell->said, "locked")) ? 451 : 403;

	for (size_t i = 0; i < pages->count; i++) {
		const struct addr page = server_at(&pages->items[i]);
		struct check *check = add_check(t, "page", &page);
		unsigned status = page_get(&page, text_of(cell->said, "name"));
		check->ok = status == wanted;
		if (!check->ok)
			(void)snprintf(check->why, sizeof check->why,
			    _("the warning page answers %u, not %u"), status, wanted);
	}
}

/* A name that no list may block is found, through upstream or the cache. */
static void check_allowed(struct selftest *t, const struct addr *server)
{
	const struct config_names *names = &t->config->never_block;

	if (names->count == 0)
		return;
	struct check *check = add_check(t, "allowed", server);
	const struct question q = {.server = *server,
	    .transport = OVER_UDP,
	    .name = names->items[0].text,
	    .qtype = TYPE_A};
	const struct reply r = question_ask(&q);
	check->ok = r.came && (r.rcode == RCODE_NOERROR || r.rcode == RCODE_NXDOMAIN) &&
	    r.ede != EDE_BLOCKED && r.ede != EDE_CENSORED;
	if (!check->ok)
		(void)snprintf(check->why, sizeof check->why,
		    _("%s, which nobody blocks, finds no answer (rcode %u); see lachanctl "
		      "doctor"),
		    names->items[0].text, r.came ? r.rcode : RCODE_SERVFAIL);
}

/* ---- all ---- */

static bool run(struct selftest *t)
{
	const struct addr server = server_at(&t->config->server.listen.items[0]);
	const struct cell *own = own_cell(t);
	bool passed = true;

	if (own != NULL) {
		check_transports(t, own);
		check_pages(t, own);
	}
	check_allowed(t, &server);
	for (size_t i = 0; i < t->check_count; i++)
		passed = passed && t->checks[i].ok;
	for (size_t i = 0; i < t->config->tiers.count; i++) {
		if (t->ctl->tier != NULL &&
		    strcmp(t->ctl->tier, t->config->tiers.items[i].name.text) != 0)
			continue;
		for (size_t c = 0; c < t->config->categories.count; c++) {
			struct cell *cell = cell_at(t, i, c);
			judge_cell(t, cell, &server);
			passed = passed && cell->outcome != OUTCOME_WRONG &&
			    cell->outcome != OUTCOME_UNFILLED;
		}
	}
	return passed;
}

static json_t *cell_to_json(const struct selftest *t, const struct cell *cell)
{
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "tier",
	    t->config->tiers.items[cell->tier].name.text, "category",
	    t->config->categories.items[cell->category].name.text, "name",
	    text_of(cell->said, "name"), "expected", cell->expected ? "block" : "open",
	    "got", outcome_word(cell->outcome), "answer",
	    cell->outcome == OUTCOME_BLOCKED ? text_of(cell->said, "answer") : "", "why",
	    cell->why);
}

static enum ctl_status print_json(const struct selftest *t, bool passed)
{
	json_t *cells = json_array(), *checks = json_array();

	for (size_t i = 0; i < t->config->tiers.count; i++)
		for (size_t c = 0; c < t->config->categories.count; c++)
			if (t->ctl->tier == NULL ||
			    strcmp(t->ctl->tier, t->config->tiers.items[i].name.text) == 0)
				(void)json_array_append_new(
				    cells, cell_to_json(t, cell_at(t, i, c)));
	for (size_t i = 0; i < t->check_count; i++) {
		const struct check *check = &t->checks[i];
		(void)json_array_append_new(checks,
		    json_pack("{s:s, s:s, s:b, s:s}", "id", check->id, "address",
		        check->address, "ok", check->ok ? 1 : 0, "why", check->why));
	}
	return ctl_print_json(json_pack(
	    "{s:b, s:o, s:o}", "passed", passed ? 1 : 0, "cells", cells, "checks", checks));
}

enum ctl_status command_selftest(struct ctl *c)
{
	struct selftest t = {.ctl = c, .config = c->config, .interfaces = INTERFACES_NONE};
	enum ctl_status status = CTL_FAILED;

	if (c->argc > 0)
		return ctl_usage(c, "selftest [--tier T] [--json]");
	if (c->config == NULL) {
		return ctl_fail(c, CTL_USAGE, "%s",
		    _("the gateway's configuration cannot be read: run as root, or say -c FILE"));
	}
	t.cells =
	    calloc(c->config->tiers.count * c->config->categories.count, sizeof *t.cells);
	if (t.cells == NULL || interfaces_read(&t.interfaces) != OK) {
		(void)ctl_fail(c, CTL_FAILED, "%s", err_text(ERR_MEMORY));
		goto done;
	}
	status = gather(&t);
	if (status != CTL_DONE)
		goto done;
	bool passed = run(&t);
	if (c->json)
		(void)print_json(&t, passed);
	else
		selftest_say(&t, passed);
	status = passed ? CTL_DONE : CTL_FAILED;
done:
	free(t.cells);
	json_decref(t.reply);
	json_decref(t.more);
	json_decref(t.status);
	interfaces_deinit(&t.interfaces);
	return status;
}
