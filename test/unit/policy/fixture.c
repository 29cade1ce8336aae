#include "fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>
#include <sys/mman.h>
#include <unistd.h>

#include "ruledb/builder.h"

static struct mark mark_at(unsigned line)
{
	return (struct mark){"lachan.yaml", line, 5};
}

static void init_categories(struct fixture *f)
{
	static const struct rules_category ALL[] = {
	    [ADULT] = {.name = {.text = "adult"}, .sensitive = true},
	    [GAMES] = {.name = {.text = "games"}},
	    [MALWARE] = {.name = {.text = "malware"}, .security = true},
	    [CHILD] = {.name = {.text = "child_abuse"}, .locked = true, .sensitive = true},
	    [ADS] = {.name = {.text = "ads_tracking"}, .answer = RULES_ANSWER_NULL},
	    [SELF_HARM] = {.name = {.text = "self_harm"}, .sensitive = true},
	    [CUSTOM] = {.name = {.text = "custom"}},
	};
	memcpy(f->categories, ALL, sizeof ALL);
	f->config.categories.items = f->categories;
	f->config.categories.count = FIXTURE_CATEGORIES;
}

static void init_tiers(struct fixture *f)
{
	uint64_t all = (UINT64_C(1) << FIXTURE_CATEGORIES) - 1;
	uint64_t some = all & ~(UINT64_C(1) << GAMES | UINT64_C(1) << ADS);

	f->tiers[PRIMARY] =
	    (struct rules_tier){.name = {.text = "primary"}, .pupils = true, .block = all};
	f->tiers[UPPER] = (struct rules_tier){
	    .name = {.text = "upper_secondary"}, .pupils = true, .block = some};
	f->tiers[STAFF] =
	    (struct rules_tier){.name = {.text = "staff"}, .block = UINT64_C(1) << MALWARE};
	for (size_t i = 0; i < FIXTURE_TIERS; i++) {
		f->tiers[i].allow.items = f->allow[i].items;
		f->tiers[i].deny.items = f->deny[i].items;
		f->tiers[i].clients.items = f->clients[i];
	}
	f->config.tiers.items = f->tiers;
	f->config.tiers.count = FIXTURE_TIERS;
	f->config.default_tier = PRIMARY;
}

static void set_name(struct fixture_names *names, size_t i, const char *text, unsigned line)
{
	assert_true(i < FIXTURE_NAMES_MAX);
	assert_int_equal(name_from_text(&names->bufs[i], slice_of(text), NULL), OK);
	names->items[i] =
	    (struct config_name){name_of(&names->bufs[i]), text, mark_at(line)};
}

void fixture_init(struct fixture *f)
{
	memset(f, 0, sizeof *f);
	f->config.filter.enforce = true;
	init_categories(f);
	init_tiers(f);
	f->config.never_block.items = f->never.items;
	f->config.server.allow.items = f->asks;
	f->groups[0].name.text = "phong-tin-1";
	f->groups[1].name.text = "thu-vien";
	f->config.filter.groups.items = f->groups;
	f->config.filter.groups.count = 2;
	set_name(&f->portal, 0, "lachan.internal", 0);
	f->config.pages.portal.name = f->portal.items[0];
}

void fixture_deinit(struct fixture *f)
{
	policy_free(f->policy);
	ruledb_close(f->rules);
	diags_deinit(&f->mistakes);
}

void fixture_allow(struct fixture *f, unsigned tier, const char *name)
{
	set_name(&f->allow[tier], f->tiers[tier].allow.count++, name, 10);
}

void fixture_deny(struct fixture *f, unsigned tier, const char *name)
{
	set_name(&f->deny[tier], f->tiers[tier].deny.count++, name, 20);
}

void fixture_never_block(struct fixture *f, const char *name)
{
	set_name(&f->never, f->config.never_block.count++, name, 30);
}

static struct config_client client_of(const char *text, const char *group, unsigned line)
{
	struct config_client c = {.text = text, .group = group, .mark = mark_at(line)};
	struct slice last = slice_of(text);
	struct slice mac = slice_of(text);
	struct slice address = slice_cut(&mac, '+');

	if (mac.ptr != NULL) {
		c.kind = CLIENT_PAIR;
		assert_int_equal(addr_from_text(&c.first, address, NULL), OK);
		c.last = c.first;
		assert_true(mac_from_text(&c.mac, mac));
		return c;
	}
	if (mac_from_text(&c.mac, slice_of(text))) {
		c.kind = CLIENT_MAC;
		return c;
	}
	struct slice first = slice_cut(&last, '-');

	if (last.ptr != NULL) {
		c.kind = CLIENT_RANGE;
		assert_int_equal(addr_from_text(&c.first, first, NULL), OK);
		assert_int_equal(addr_from_text(&c.last, last, NULL), OK);
		return c;
	}
	struct prefix p;
	assert_int_equal(prefix_from_text(&p, first, NULL), OK);
	c.kind = CLIENT_PREFIX;
	c.first = p.base;
	c.length = p.length;
	return c;
}

void fixture_claim(
    struct fixture *f, unsigned tier, const char *text, const char *group, unsigned line)
{
	size_t i = f->tiers[tier].clients.count++;
	assert_true(i < COUNT_OF(f->clients[tier]));
	f->clients[tier][i] = client_of(text, group, line);
}

struct ruledb *fixture_rules(const struct fixture_rule *rules, size_t count)
{
	/* Backwards, so that the database's numbers differ from ours. */
	static const char *const CATEGORIES[] = {"unknown_here", "self_harm",
	    "ads_tracking", "child_abuse", "malware", "games", "adult"};
	struct ruledb_builder_options options = {
	    .key = {11, 12}, .generation = 1, .max_bytes = 1 << 20};
	struct ruledb_builder *b = NULL;
	struct ruledb *db = NULL;
	unsigned number = 0;

	assert_int_equal(ruledb_builder_new(&b, &options), OK);
	for (size_t i = 0; i < COUNT_OF(CATEGORIES); i++)
		assert_int_equal(ruledb_builder_category(b, CATEGORIES[i], &number), OK);
	for (size_t i = 0; i < count; i++) {
		struct name_buf name;
		if (i == 0 || strcmp(rules[i].feed, rules[i - 1].feed) != 0)
			assert_int_equal(ruledb_builder_feed(
			                     b, rules[i].feed, rules[i].category, &number),
			    OK);
		assert_int_equal(name_from_text(&name, slice_of(rules[i].name), NULL), OK);
		assert_int_equal(ruledb_builder_add(b, name_of(&name), rules[i].kind), OK);
	}
	int fd = memfd_create("rules", MFD_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(ruledb_builder_write(b, fd), OK);
	ruledb_builder_free(b);
	assert_int_equal(ruledb_open_fd(&db, fd, NULL), OK);
	close(fd);
	return db;
}

enum err fixture_try(struct fixture *f)
{
	static struct prefix local = {.length = 24};
	const struct policy_sources from = {
	    .config = &f->config, .rules = f->rules, .local = &local, .local_count = 1};

	assert_int_equal(prefix_from_text(&local, SLICE_LIT("203.0.113.0/24"), NULL), OK);
	return policy_build(&f->policy, &from, &f->mistakes);
}

void fixture_build(struct fixture *f, const struct fixture_rule *rules, size_t count)
{
	if (rules != NULL)
		f->rules = fixture_rules(rules, count);
	enum err rc = fixture_try(f);
	diags_print(&f->mistakes, stderr);
	assert_int_equal(rc, OK);
}

void fixture_state(const struct fixture *f, struct policy_state *out)
{
	static const struct calendar UTC = {.count = 0};
	const struct moment now = {.mono_ms = 1, .wall_trusted = true};

	policy_state_make(out, f->policy, &UTC, now, NULL);
}

void asked_init(struct asked *a, const struct policy *policy, const char *name)
{
	assert_int_equal(name_from_text(&a->name, slice_of(name), NULL), OK);
	name_hash_all(&a->hashes, name_of(&a->name), policy_hash_key(policy));
	a->question = (struct policy_question){
	    .name = name_of(&a->name), .hashes = &a->hashes, .qtype = 1};
}

struct verdict fixture_decide(const struct fixture *f, unsigned tier, const char *name)
{
	struct policy_who who = policy_member(f->policy, (uint8_t)tier);
	struct moment now = {.mono_ms = 1000};
	struct asked a;

	asked_init(&a, f->policy, name);
	return policy_decide(f->policy, &who, &a.question, NULL, now);
}
