/* services.yaml, safe_search.yaml, bypass.yaml and the two lists of names, as texts of a
 * bundle: what they become, and each mistake at its place. */
#include "school.h"

static const char *const TEXTS[BUNDLE_PARTS] = {
    [BUNDLE_MAIN] = "school: {levels: [pupils]}\n",
    [BUNDLE_CATEGORIES] = "categories:\n"
                          "  - {name: games, names: {vi: a, en: b}}\n"
                          "  - {name: adult, names: {vi: a, en: b}}\n",
    [BUNDLE_TIERS] = "tiers:\n  - {name: pupils, pupils: yes, block: [games]}\n",
    [BUNDLE_FEEDS] = "feeds: []\n",
    [BUNDLE_SERVICES] = "services: []\n",
    [BUNDLE_SAFE_SEARCH] =
        "engines: []\n"
        "youtube: {names: [www.y.com], moderate: m.y.com, strict: s.y.com, "
        "domains: [y.com]}\n",
    [BUNDLE_BYPASS] = "names: []\n",
    [BUNDLE_NEVER_BLOCK] = "a.vn\n",
    [BUNDLE_POPULAR] = "b.vn\n",
};

/* The texts above with `text` as one of the parts. */
static enum err load_with(
    struct config **out, enum bundle_part part, const char *text, struct diags *all)
{
	struct config_bundle bundle = {
	    .folder = strdup("/etc/lachan"), .data_dir = strdup("/srv/rules")};

	for (size_t i = 0; i < BUNDLE_PARTS; i++) {
		const char *mine = i == part ? text : TEXTS[i];
		if (mine == NULL)
			continue;
		bundle.parts[i].file = strdup("a-part");
		bundle.parts[i].text = BUF_INIT(1 << 20);
		buf_text(&bundle.parts[i].text, mine);
	}
	enum err rc = config_load_bundle(out, &bundle, all);
	config_bundle_deinit(&bundle);
	return rc;
}

static struct config *config_with(enum bundle_part part, const char *text)
{
	struct diags all = DIAGS_NONE;
	struct config *config;

	enum err rc = load_with(&config, part, text, &all);
	diags_print(&all, stderr);
	assert_int_equal(rc, OK);
	diags_deinit(&all);
	return config;
}

static void assert_refused(enum bundle_part part, const char *text, const char *told)
{
	struct diags all = DIAGS_NONE;
	struct config *config;

	assert_int_equal(load_with(&config, part, text, &all), ERR_CONFIG);
	char *found = mistakes_text(&all);
	assert_string_equal(found, told);
	free(found);
	diags_deinit(&all);
}

static void services_name_their_category(void **state)
{
	struct config *c = config_with(BUNDLE_SERVICES,
	    "services:\n  - {name: x, title: Ít, category: adult, names: [x.vn, y.vn]}\n");

	(void)state;
	assert_int_equal(c->services.count, 1);
	const struct rules_service *x = &c->services.items[0];
	assert_string_equal(x->title.text, "Ít");
	assert_int_equal(x->category, 1);
	assert_int_equal(x->names.count, 2);
	config_free(c);
}

static void mistakes_of_services_are_told(void **state)
{
	(void)state;
	assert_refused(BUNDLE_SERVICES,
	    "services:\n"
	    "  - {name: x, title: X, category: gmaes, names: [x.vn]}\n"
	    "  - {name: x, title: X, category: games, names: []}\n"
	    "  - {name: adult, title: X, category: games, names: ['*.x.vn', x]}\n"
	    "  - {name: y, category: games, name: z, names: [y.vn]}\n",
	    "2:35: unknown category 'gmaes'; did you mean 'games'?\n"
	    "3:12: service 'x' stands here twice (first in line 2; give it another name)\n"
	    "3:49: 'services.names' is empty (name at least one)\n"
	    "4:12: service 'adult' has the name of a category (give it another)\n"
	    "4:54: '*.x.vn' needs no star (write x.vn: a name covers all below it)\n"
	    "5:5: 'services.title' is missing (add it; docs/configuration.md says what it "
	    "means)\n"
	    "5:32: key 'name' stands here twice (first in line 5; keep one)\n");
	assert_refused(BUNDLE_SERVICES, "service: []\n",
	    "1:1: 'services' is missing (add it; docs/configuration.md says what it means)\n"
	    "1:1: unknown key 'service'; did you mean 'services'?\n");
}

#define YOUTUBE \
	"youtube: {names: [www.y.com], moderate: m.y.com, strict: s.y.com, domains: [y.com]}\n"

static void engines_lead_or_are_blocked(void **state)
{
	struct config *c = config_with(BUNDLE_SAFE_SEARCH,
	    "engines:\n"
	    "  - {name: a, names: [a.com, www.a.com], safe: safe.a.com}\n"
	    "  - {name: b, names: [b.com], block: on}\n" YOUTUBE);

	(void)state;
	const struct rules_engine *engines = c->safe_search.engines.items;
	assert_string_equal(engines[0].safe.text, "safe.a.com");
	assert_false(engines[0].block);
	assert_true(engines[1].block);
	assert_null(engines[1].safe.name.wire);
	assert_string_equal(engines[1].safe.text, "");
	assert_string_equal(c->safe_search.youtube.strict.text, "s.y.com");
	config_free(c);
}

static void mistakes_of_safe_search_are_told(void **state)
{
	(void)state;
	assert_refused(BUNDLE_SAFE_SEARCH,
	    "engines:\n"
	    "  - {name: a, names: [a.com, b.com], safe: b.com}\n"
	    "  - {name: b, names: [b.com], safe: www.y.com, block: on}\n"
	    "  - {name: b, names: [c.com]}\n"
	    "youtube: {names: [www.y.com, y.org], moderate: y.org, strict: s.y.com, "
	    "domains: [y.com]}\n",
	    "2:44: 'b.com' is led elsewhere itself (a safe address is no name of an engine)\n"
	    "3:12: engine 'b' has a safe address or is blocked (write safe: NAME, or block: on)\n"
	    "3:23: 'b.com' stands here twice (keep one)\n"
	    "3:37: 'www.y.com' is led elsewhere itself (a safe address is no name of an engine)\n"
	    "4:12: engine 'b' stands here twice (first in line 3; give it another name)\n"
	    "5:30: 'y.org' is below none of youtube.domains (add its domain there)\n"
	    "5:48: 'y.org' is led elsewhere itself (a safe address is no name of an engine)\n");
	assert_refused(BUNDLE_SAFE_SEARCH, "engines: []\nyoutube: {names: [y.com]}\n",
	    "2:10: 'youtube.domains' is missing (add it; docs/configuration.md says what it "
	    "means)\n"
	    "2:10: 'youtube.moderate' is missing (add it; docs/configuration.md says what it "
	    "means)\n"
	    "2:10: 'youtube.strict' is missing (add it; docs/configuration.md says what it "
	    "means)\n"
	    "2:19: 'y.com' is below none of youtube.domains (add its domain there)\n");
}

static void bypass_names_have_reach_and_answer(void **state)
{
	struct config *c = config_with(BUNDLE_BYPASS,
	    "names:\n"
	    "  - {name: a.net}\n"
	    "  - {name: _dns.resolver.arpa, reach: subtree, answer: nodata}\n");

	(void)state;
	const struct rules_bypass_name *names = c->bypass.items;
	assert_int_equal(c->bypass.count, 2);
	assert_int_equal(names[0].reach, REACH_EXACT);
	assert_int_equal(names[0].answer, RULES_ANSWER_NXDOMAIN);
	assert_int_equal(names[1].reach, REACH_SUBTREE);
	assert_int_equal(names[1].answer, RULES_ANSWER_NODATA);
	config_free(c);
}

static void mistakes_of_bypass_names_are_told(void **state)
{
	(void)state;
	assert_refused(BUNDLE_BYPASS,
	    "names:\n"
	    "  - {name: a.net, reach: sub}\n"
	    "  - {name: b.net, answer: warning}\n"
	    "  - {reach: exact}\n",
	    "2:26: unknown word 'sub' (choose one of: exact, subtree)\n"
	    "3:12: 'b.net' is answered nxdomain or nodata (what devices take for a no)\n"
	    "4:5: 'names.name' is missing (add it; docs/configuration.md says what it means)\n");
}

static void catalogue_entries_are_checked_though_nobody_pulls_them(void **state)
{
	(void)state;
	assert_refused(BUNDLE_FEEDS,
	    "feeds:\n"
	    "  - {name: a, category: gmaes, url: ['https://x/y'], licence: MIT}\n"
	    "  - {name: a, category: games, url: ['https://x/y']}\n",
	    "2:25: unknown category 'gmaes'; did you mean 'games'?\n"
	    "3:5: 'feeds.licence' is missing (add it; docs/configuration.md says what it means)\n"
	    "3:12: feed 'a' stands here twice (first in line 2; give it another name)\n");
}

static void lines_that_are_no_names_are_left_out(void **state)
{
	struct diags all = DIAGS_NONE;
	struct config *c;

	(void)state;
	assert_int_equal(
	    load_with(&c, BUNDLE_POPULAR, "# many\nb.vn # a bank\n\na..b\nc.vn", &all), OK);
	assert_int_equal(c->popular.count, 2);
	assert_string_equal(c->popular.items[1].text, "c.vn");
	assert_int_equal(c->popular.items[1].mark.line, 5);
	assert_int_equal(all.count, 1);
	assert_int_equal(all.errors, 0);
	assert_int_equal(all.items[0].line, 4);
	diags_deinit(&all);
	config_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(services_name_their_category),
	    cmocka_unit_test(mistakes_of_services_are_told),
	    cmocka_unit_test(engines_lead_or_are_blocked),
	    cmocka_unit_test(mistakes_of_safe_search_are_told),
	    cmocka_unit_test(bypass_names_have_reach_and_answer),
	    cmocka_unit_test(mistakes_of_bypass_names_are_told),
	    cmocka_unit_test(catalogue_entries_are_checked_though_nobody_pulls_them),
	    cmocka_unit_test(lines_that_are_no_names_are_left_out),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
