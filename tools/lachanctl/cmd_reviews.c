/* reviews: what pupils asked to have opened, and the answer to it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/text.h"
#include "base/words.h"
#include "kit/local_time.h"
#include "lachanctl/ctl.h"
#include "lachanctl/quoted.h"
#include "lachanctl/say.h"
#include "lachanctl/sign_in.h"
#include "lachanctl/table.h"

enum {
	LIST_BYTES = 256,
	TABLE_MAX_BYTES = 1 << 20
};

static const char *text(const json_t *object, const char *key)
{
	const char *value = json_string_value(json_object_get(object, key));

	return value != NULL ? value : "";
}

static long long number(const json_t *object, const char *key)
{
	return (long long)json_integer_value(json_object_get(object, key));
}

/* ---- what the filter says of the name now ---- */

/* Adds "category" and "now": open, blocked, locked or unknown, for the first tier that asked. */
static void add_verdict(const struct ctl *c, json_t *review)
{
	const json_t *tier = json_array_get(json_object_get(review, "tiers"), 0);
	json_t *said = ctl_peek_with(c->control_path, "explain",
	    json_pack("{s:s,s:s,s:b}", "name", text(review, "name"), "tier",
	        text(tier, "tier"), "lines", 0));
	const char *now = "unknown";

	if (said != NULL)
		now = strcmp(text(said, "reason"), "locked") == 0   ? "locked"
		    : strcmp(text(said, "reason"), "required") == 0 ? "required"
		    : strcmp(text(said, "verdict"), "block") == 0   ? "blocked"
		                                                    : "open";
	(void)json_object_set_new(review, "category", json_string(text(said, "category")));
	(void)json_object_set_new(review, "now", json_string(now));
	json_decref(said);
}

/* ---- the list ---- */

static void say_tiers(const struct ctl *c, const json_t *review, char out[LIST_BYTES])
{
	const json_t *tiers = json_object_get(review, "tiers"), *one;
	size_t used = 0, i;

	out[0] = 0;
	json_array_foreach(tiers, i, one)
	{
		int n = snprintf(out + used, LIST_BYTES - used, "%s%s", i > 0 ? ", " : "",
		    ctl_tier_words(c, text(one, "tier")));
		if (n < 0 || (size_t)n >= LIST_BYTES - used)
			return;
		used += (size_t)n;
	}
}

static void say_state(const json_t *review, char out[LIST_BYTES])
{
	const char *state = text(review, "state");
	char at[LOCAL_TIME_TEXT_BYTES], said[SAY_BYTES];
	long long until = number(review, "until_s");

	if (strcmp(state, "kept") == 0) {
		(void)snprintf(out, LIST_BYTES, "%s", _("not opened"));
	} else if (strcmp(state, "opened") != 0) {
		(void)snprintf(out, LIST_BYTES, "%s",
		    strcmp(text(review, "now"), "open") == 0 ? _("waiting (open now)")
		                                             : _("waiting"));
	} else if (until == 0) {
		(void)snprintf(out, LIST_BYTES, "%s", _("opened"));
	} else {
		local_time_text(at, until);
		say_time(said, at, (int64_t)time(NULL));
		(void)snprintf(out, LIST_BYTES, _("opened until %s"), said);
	}
}

static void add_row(const struct ctl *c, struct table *t, const json_t *review)
{
	const char *category = text(review, "category");
	char tiers[LIST_BYTES], state[LIST_BYTES], first[SAY_BYTES];

	say_tiers(c, review, tiers);
	say_day(first, text(review, "first"));
	say_state(review, state);
	table_cell(t, "%lld", number(review, "id"));
	table_cell(t, "%s", text(review, "name"));
	table_cell(t, "%s", *category != 0 ? ctl_category_words(c, category) : "-");
	table_cell(t, "%s", tiers);
	table_cell(t, "%lld", number(review, "asked"));
	table_cell(t, "%s", first);
	table_cell(t, "%s", state);
}

static void print_reasons(const json_t *review)
{
	const json_t *one;
	size_t i;

	json_array_foreach(json_object_get(review, "reasons"), i, one)
	    quoted_print("    - ", text(one, "text"));
	if (*text(review, "note") != 0)
		quoted_print("    > ", text(review, "note"));
}

/* Below the row of each review stand its reasons. */
static void print_rows(const struct table *t, const json_t *reviews)
{
	char *rows = NULL;
	size_t size = 0, i = 0;
	FILE *to = open_memstream(&rows, &size);

	if (to == NULL)
		return;
	table_print(t, 0, to);
	if (fclose(to) == 0) {
		struct slice rest = {(const uint8_t *)rows, size};
		struct slice head = slice_cut(&rest, '\n');
		printf("%.*s\n", (int)head.len, (const char *)head.ptr);
		for (; i < json_array_size(reviews); i++) {
			struct slice row = slice_cut(&rest, '\n');
			printf("%.*s\n", (int)row.len, (const char *)row.ptr);
			print_reasons(json_array_get(reviews, i));
		}
	}
	free(rows);
}

static void say_reviews(const struct ctl *c, const json_t *reply)
{
	const json_t *reviews = json_object_get(reply, "reviews"), *one;
	const char *const heads[] = {_("number"), _("name"), _("category"), _("asked by"),
	    _("times"), _("since"), _("answer")};
	struct table *t = table_new(COUNT_OF(heads));
	size_t i;

	for (i = 0; i < COUNT_OF(heads); i++)
		table_cell(t, "%s", heads[i]);
	table_right(t, 0);
	table_right(t, 4);
	json_array_foreach(reviews, i, one) add_row(c, t, one);
	print_rows(t, reviews);
	table_free(t);
	if (number(reply, "more") > 0)
		printf(_("%lld more do not fit here; answer these first.\n"),
		    number(reply, "more"));
	puts(_(
	    "Answer: lachanctl reviews answer NUMBER allow|keep [--for 45m] [--note TEXT]"));
}

/* A script that looks in at night is nobody who answers. */
static bool is_person(void)
{
	return isatty(STDIN_FILENO) == 1 || isatty(STDOUT_FILENO) == 1;
}

static enum ctl_status list(struct ctl *c)
{
	json_t *reply, *one;
	size_t i;

	enum ctl_status status = ctl_ask(c, c->desk_path, "reviews",
	    json_pack("{s:b,s:b}", "all", c->all ? 1 : 0, "person", is_person() ? 1 : 0),
	    &reply);
	if (status != CTL_DONE)
		return status;
	json_array_foreach(json_object_get(reply, "reviews"), i, one) add_verdict(c, one);
	if (c->json)
		return ctl_print_json(reply);
	if (json_array_size(json_object_get(reply, "reviews")) == 0)
		puts(_("Nobody waits for an answer."));
	else
		say_reviews(c, reply);
	json_decref(reply);
	return CTL_DONE;
}

/* ---- the answer ---- */

static enum ctl_status put_time(const struct ctl *c, json_t *arguments)
{
	uint64_t for_ms;

	if (c->for_time == NULL)
		return CTL_DONE;
	if (strcmp(c->for_time, "always") == 0) {
		(void)json_object_set_new(arguments, "for", json_string("always"));
		return CTL_DONE;
	}
	if (!text_to_duration_ms(slice_of(c->for_time), &for_ms) || for_ms < 1000) {
		return ctl_fail(c, CTL_USAGE,
		    _("--for %s: write it like 45m, 2h or 7d, or always"), c->for_time);
	}
	(void)json_object_set_new(arguments, "for_ms", json_integer((json_int_t)for_ms));
	return CTL_DONE;
}

static void put_words(json_t *arguments, const char *key, const char *words)
{
	if (words != NULL)
		(void)json_object_set_new(arguments, key, json_string(words));
}

/* "7" or "5-204". */
struct numbers {
	uint64_t from, to;
};

static bool read_numbers(const char *words, struct numbers *out)
{
	struct slice rest = slice_of(words);
	struct slice first = slice_cut(&rest, '-');

	if (!slice_to_u64(first, UINT32_MAX, &out->from) || out->from == 0)
		return false;
	out->to = out->from;
	return rest.ptr == NULL ||
	    (slice_to_u64(rest, UINT32_MAX, &out->to) && out->to >= out->from);
}

static bool are_many(const struct numbers *n)
{
	return n->to > n->from;
}

static enum ctl_status read_answer(
    const struct ctl *c, json_t *arguments, struct numbers *which)
{
	const char *word = c->argv[2];

	if (!read_numbers(c->argv[1], which)) {
		return ctl_fail(c, CTL_USAGE,
		    _("%s is no number of a review (see lachanctl reviews)"), c->argv[1]);
	}
	if (are_many(which) && strcmp(word, "allow") == 0)
		return ctl_fail(c, CTL_USAGE, "%s",
		    _("only keep answers many at once: each name is opened by itself"));
	if (strcmp(word, "allow") != 0 && strcmp(word, "keep") != 0)
		return ctl_fail(c, CTL_USAGE, _("%s: write allow or keep"), word);
	if (strcmp(word, "keep") == 0 &&
	    (c->for_time != NULL || c->tier != NULL || c->group != NULL)) {
		return ctl_fail(
		    c, CTL_USAGE, "%s", _("--for, --tier and --group belong to allow"));
	}
	if (c->tier != NULL && c->group != NULL)
		return ctl_fail(
		    c, CTL_USAGE, "%s", _("write only one of --tier and --group"));
	if (c->note != NULL && json_object_set_new(arguments, "note", json_string(c->note)))
		return ctl_fail(c, CTL_USAGE, "%s", _("the note is not UTF-8"));
	(void)json_object_set_new(arguments, "id", json_integer((json_int_t)which->from));
	put_words(arguments, "answer", word);
	put_words(arguments, "tier", c->tier);
	put_words(arguments, "group", c->group);
	return put_time(c, arguments);
}

static void say_answered(const struct ctl *c, const json_t *reply)
{
	const json_t *grant = json_array_get(json_object_get(reply, "grants"), 0);
	char at[LOCAL_TIME_TEXT_BYTES], said[SAY_BYTES], tiers[LIST_BYTES];
	long long until = number(reply, "until_s");

	say_tiers(c, reply, tiers);
	const char *whom = json_object_get(grant, "group") != NULL ? text(grant, "group")
	    : c->tier != NULL ? ctl_tier_words(c, c->tier)
	                      : tiers;
	if (strcmp(text(reply, "state"), "opened") != 0) {
		printf(_("%s stays closed. Those who asked read it with their code.\n"),
		    text(reply, "name"));
	} else if (until == 0) {
		printf(_("%s is open for %s. Those who asked read it with their code.\n"),
		    text(reply, "name"), whom);
	} else {
		local_time_text(at, until);
		say_time(said, at, (int64_t)time(NULL));
		printf(_("%s is open for %s until %s. Those who asked read it with their "
		         "code.\n"),
		    text(reply, "name"), whom, said);
	}
}

/* Somebody who buries the others' requests below his own costs one command. `arguments` is
 * borrowed. */
static enum ctl_status answer_many(
    struct ctl *c, const json_t *arguments, const struct numbers *which)
{
	json_t *waiting, *one, *reply, *answered = json_array();
	size_t i;

	enum ctl_status status =
	    ctl_ask(c, c->desk_path, "reviews", json_pack("{s:b}", "all", 0), &waiting);
	if (status != CTL_DONE) {
		json_decref(answered);
		return status;
	}
	json_array_foreach(json_object_get(waiting, "reviews"), i, one)
	{
		json_t *id = json_object_get(one, "id");
		uint64_t number_of = (uint64_t)json_integer_value(id);
		json_t *request = json_copy((json_t *)(uintptr_t)arguments);
		if (number_of < which->from || number_of > which->to) {
			json_decref(request);
			continue;
		}
		(void)json_object_set(request, "id", id);
		status = ctl_ask(c, c->desk_path, "reviews-answer", request, &reply);
		if (status != CTL_DONE)
			break;
		(void)json_array_append_new(answered, reply);
	}
	json_decref(waiting);
	if (c->json && status == CTL_DONE)
		return ctl_print_json(json_pack("{s:o}", "answered", answered));
	if (!c->json)
		json_array_foreach(answered, i, one) say_answered(c, one);
	if (status == CTL_DONE && json_array_size(answered) == 0)
		puts(_("None of these waits for an answer."));
	json_decref(answered);
	return status;
}

static enum ctl_status answer(struct ctl *c)
{
	json_t *arguments = json_object(), *reply;
	struct numbers which;
	enum ctl_status status = read_answer(c, arguments, &which);

	/* By an account, where --user names one: then it is that person's answer. */
	if (status == CTL_DONE && c->user != NULL)
		status = sign_in(c, arguments);
	if (status == CTL_DONE && are_many(&which)) {
		status = answer_many(c, arguments, &which);
		json_decref(arguments);
		return status;
	}
	if (status != CTL_DONE) {
		json_decref(arguments);
		return status;
	}
	status = ctl_ask(c, c->desk_path, "reviews-answer", arguments, &reply);
	if (status != CTL_DONE)
		return status;
	if (c->json)
		return ctl_print_json(reply);
	say_answered(c, reply);
	json_decref(reply);
	return CTL_DONE;
}

enum ctl_status command_reviews(struct ctl *c)
{
	if (c->argc == 0)
		return list(c);
	if (c->argc == 3 && strcmp(c->argv[0], "answer") == 0)
		return answer(c);
	return ctl_usage(c,
	    "reviews [--all] | reviews answer NUMBER[-NUMBER] allow|keep [--for 45m | --for always] "
	    "[--tier T | --group G] [--note TEXT] [--user NAME]");
}
