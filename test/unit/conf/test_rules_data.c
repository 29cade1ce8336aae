#include "conf/rules_data.h"

#include "school.h"

static const char PRIMARY[] = "school: {levels: [primary]}\n";

static const struct rules_tier *tier_of(const struct config *config, const char *name)
{
	size_t i;
	assert_true(config_find_tier(config, name, &i));
	return &config->tiers.items[i];
}

static size_t category_of(const struct config *config, const char *name)
{
	size_t i;
	assert_true(config_find_category(config, name, &i));
	return i;
}

static bool blocks(const struct config *c, const char *tier, const char *category)
{
	return (tier_of(c, tier)->block >> category_of(c, category) & 1) != 0;
}

static void the_default_matrix_is_in_force(void **state)
{
	static const char *const EVERYBODY[] = {"child_abuse", "malware", "phishing_scam",
	    "illegal_vn", "adult", "gambling", "extremism", "self_harm",
	    "drugs_alcohol_tobacco", "violence_weapons", "piracy", "proxy_vpn_doh",
	    "ads_tracking"};
	struct config *c = school_config(PRIMARY, NULL);

	(void)state;
	assert_int_equal(c->tiers.count, 7);
	assert_int_equal(c->categories.count, 18);
	for (size_t t = 0; t < c->tiers.count; t++)
		for (size_t i = 0; i < COUNT_OF(EVERYBODY); i++)
			assert_true(blocks(c, c->tiers.items[t].name.text, EVERYBODY[i]));
	assert_true(blocks(c, "upper_secondary", "dating"));
	assert_false(blocks(c, "staff", "dating"));
	assert_false(blocks(c, "staff", "social_network"));
	assert_false(blocks(c, "staff", "games"));
	assert_true(blocks(c, "lower_secondary", "games"));
	assert_false(blocks(c, "continuing_education", "streaming"));
	assert_false(tier_of(c, "staff")->pupils);
	assert_false(tier_of(c, "guest")->pupils);
	assert_true(tier_of(c, "continuing_education")->pupils);
	config_free(c);
}

static void categories_say_how_they_are_treated(void **state)
{
	struct config *c = school_config(PRIMARY, NULL);

	(void)state;
	const struct rules_category *all = c->categories.items;
	assert_true(all[category_of(c, "illegal_vn")].locked);
	assert_true(all[category_of(c, "child_abuse")].locked);
	assert_true(all[category_of(c, "child_abuse")].security);
	assert_true(all[category_of(c, "malware")].security);
	assert_true(all[category_of(c, "self_harm")].sensitive);
	assert_false(all[category_of(c, "gambling")].sensitive);
	assert_int_equal(all[category_of(c, "ads_tracking")].answer, RULES_ANSWER_NULL);
	assert_int_equal(all[category_of(c, "adult")].answer, RULES_ANSWER_WARNING);
	assert_string_equal(
	    all[category_of(c, "gambling")].name_vi.text, "Cờ bạc, cá cược");
	config_free(c);
}

static void a_category_is_answered_as_the_school_says(void **state)
{
	struct config *c = school_config("school: {levels: [primary]}\n"
	                                 "filter:\n"
	                                 "  categories:\n"
	                                 "    - {name: games, answer: null}\n"
	                                 "    - {name: piracy, answer: nxdomain}\n",
	    NULL);

	(void)state;
	const struct rules_category *all = c->categories.items;
	assert_int_equal(all[category_of(c, "games")].answer, RULES_ANSWER_NULL);
	assert_int_equal(all[category_of(c, "piracy")].answer, RULES_ANSWER_NXDOMAIN);
	assert_int_equal(all[category_of(c, "adult")].answer, RULES_ANSWER_WARNING);
	config_free(c);
}

static void keys_that_are_not_given_keep_the_tiers_value(void **state)
{
	struct config *before = school_config(PRIMARY, NULL);
	struct config *c = school_config("school: {levels: [primary]}\n"
	                                 "filter:\n"
	                                 "  tiers:\n"
	                                 "    - {name: staff, allow: [a.vn]}\n"
	                                 "    - {name: primary, block: []}\n",
	    NULL);

	(void)state;
	assert_int_equal(tier_of(c, "staff")->block, tier_of(before, "staff")->block);
	assert_int_equal(tier_of(c, "staff")->strictness, 10);
	assert_int_equal(tier_of(c, "staff")->allow.count, 1);
	/* An empty list is given; locked categories stay all the same. */
	uint64_t locked = UINT64_C(1) << category_of(c, "illegal_vn") |
	    UINT64_C(1) << category_of(c, "child_abuse");
	assert_int_equal(tier_of(c, "primary")->block, locked);
	config_free(before);
	config_free(c);
}

static void a_new_tier_starts_like_another(void **state)
{
	struct config *c = school_config(
	    "school: {levels: [primary, bridge]}\n"
	    "filter:\n"
	    "  tiers:\n"
	    "    - {name: upper_secondary, clients: [10.1.0.0/16], allow: [a.vn]}\n"
	    "    - {name: bridge, like: upper_secondary, deny: [b.vn], "
	    "names: {vi: Lớp dự bị}}\n",
	    NULL);

	(void)state;
	const struct rules_tier *bridge = tier_of(c, "bridge");
	assert_int_equal(c->tiers.count, 8);
	assert_int_equal(bridge->block, tier_of(c, "upper_secondary")->block);
	assert_int_equal(bridge->allow.count, 1);
	assert_int_equal(bridge->deny.count, 1);
	assert_int_equal(bridge->clients.count, 0);
	assert_true(bridge->pupils);
	assert_string_equal(bridge->name_vi.text, "Lớp dự bị");
	config_free(c);
}

static void strangers_get_the_strictest_level(void **state)
{
	static const struct {
		const char *text;
		const char *tier;
	} CASES[] = {
	    {"school: {levels: [upper_secondary, lower_secondary]}\n", "lower_secondary"},
	    {"school: {levels: [continuing_education]}\n", "continuing_education"},
	    {"school: {levels: [primary]}\nfilter: {default_tier: guest}\n", "guest"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(CASES); i++) {
		struct config *c = school_config(CASES[i].text, NULL);
		assert_string_equal(
		    c->tiers.items[c->default_tier].name.text, CASES[i].tier);
		config_free(c);
	}
}

static void own_never_block_names_follow_those_that_ship(void **state)
{
	struct config *c = school_config(
	    "school: {levels: [primary]}\nfilter: {never_block: [thcs-a.edu.vn]}\n", NULL);

	(void)state;
	size_t last = c->never_block.count - 1;
	assert_string_equal(c->never_block.items[last].text, "thcs-a.edu.vn");
	assert_string_equal(c->never_block.items[0].text, "moet.gov.vn");
	assert_non_null(strstr(c->never_block.items[0].mark.file, "never-block.txt"));
	assert_true(c->never_block.items[0].mark.line > 10);
	config_free(c);
}

/* A list of rules/lists: "file:///...". */
static bool is_own(const struct config_feed *feed)
{
	return strncmp(feed->url.items[0].text, "file://", 7) == 0;
}

static void every_category_ships_a_list(void **state)
{
	struct config *c = school_config(PRIMARY, NULL);

	(void)state;
	for (size_t i = 0; i < c->categories.count; i++) {
		bool found = false;
		for (size_t f = 0; f < c->filter.feeds.count; f++) {
			const struct config_feed *feed = &c->filter.feeds.items[f];
			if (!is_own(feed) ||
			    strcmp(feed->category.text, c->categories.items[i].name.text) !=
			        0)
				continue;
			found = true;
			assert_int_equal(access(feed->url.items[0].text + 7, R_OK), 0);
			assert_int_equal(feed->format, FEED_FORMAT_DOMAINS);
		}
		assert_true(found);
	}
	config_free(c);
}

/* A never-block name at or above a listed one would silence our own list. */
static bool is_never_blocked(const struct config *c, struct dname name)
{
	for (size_t i = 0; i < c->never_block.count; i++)
		if (name_is_at_or_below(name, c->never_block.items[i].name) ||
		    name_is_at_or_below(c->never_block.items[i].name, name))
			return true;
	return false;
}

static void check_list(const struct config *c, const char *path)
{
	struct buf text = BUF_INIT(1 << 20);
	struct name_buf name;

	assert_int_equal(file_read(path, &text), OK);
	struct slice rest = buf_slice(&text);
	while (rest.len > 0) {
		struct slice line = slice_trim(slice_cut(&rest, '\n'));
		if (line.len == 0 || line.ptr[0] == '#')
			continue;
		assert_int_equal(name_from_text(&name, line, NULL), OK);
		if (is_never_blocked(c, name_of(&name)))
			fail_msg("%s lists %.*s, which is never blocked", path,
			    (int)line.len, (const char *)line.ptr);
	}
	buf_deinit(&text);
}

static void our_lists_leave_never_block_names_alone(void **state)
{
	struct config *c = school_config(PRIMARY, NULL);

	(void)state;
	for (size_t f = 0; f < c->filter.feeds.count; f++)
		if (is_own(&c->filter.feeds.items[f]))
			check_list(c, c->filter.feeds.items[f].url.items[0].text + 7);
	config_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_default_matrix_is_in_force),
	    cmocka_unit_test(categories_say_how_they_are_treated),
	    cmocka_unit_test(a_category_is_answered_as_the_school_says),
	    cmocka_unit_test(keys_that_are_not_given_keep_the_tiers_value),
	    cmocka_unit_test(a_new_tier_starts_like_another),
	    cmocka_unit_test(strangers_get_the_strictest_level),
	    cmocka_unit_test(own_never_block_names_follow_those_that_ship),
	    cmocka_unit_test(every_category_ships_a_list),
	    cmocka_unit_test(our_lists_leave_never_block_names_alone),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
