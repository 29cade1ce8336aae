/* The data that ship in rules/: what must hold in them beyond being readable. */
#include "conf/rules_data.h"

#include "school.h"

static struct config *config;

static int open_config(void **state)
{
	(void)state;
	config = school_config("school: {levels: [primary]}\n", NULL);
	return 0;
}

static int close_config(void **state)
{
	(void)state;
	config_free(config);
	return 0;
}

static bool covers(struct dname above, struct dname name)
{
	return name_is_at_or_below(name, above);
}

static bool any_covers(const struct config_names *names, struct dname name)
{
	for (size_t i = 0; i < names->count; i++)
		if (covers(names->items[i].name, name))
			return true;
	return false;
}

static struct dname name_of_text(struct name_buf *buf, const char *text)
{
	assert_int_equal(name_from_text(buf, slice_of(text), NULL), OK);
	return name_of(buf);
}

/* No name stands there twice, nor below another. */
static void assert_no_idle_names(const struct config_names *names, const char *where)
{
	for (size_t i = 0; i < names->count; i++)
		for (size_t j = 0; j < names->count; j++)
			if (i != j && covers(names->items[j].name, names->items[i].name))
				fail_msg("%s: '%s' says nothing new beside '%s'", where,
				    names->items[i].text, names->items[j].text);
}

/* ---- services --------------------------------------------------------------------------- */

static void services_that_schools_ask_about_are_there(void **state)
{
	static const char *const ASKED[] = {"tiktok", "facebook", "instagram", "messenger",
	    "zalo", "youtube", "twitter", "threads", "snapchat", "telegram", "viber",
	    "whatsapp", "line", "discord", "reddit", "pinterest", "tumblr", "twitch",
	    "bigo-live", "nimo-tv", "roblox", "free-fire", "garena", "lien-quan",
	    "minecraft", "fortnite", "pubg", "genshin", "valorant", "league-of-legends",
	    "steam", "epic-games", "battle-net", "zing-play", "vng-games", "gamevui", "y8",
	    "poki", "crazygames", "netflix", "fpt-play", "onplus", "tv360", "vieon",
	    "galaxy-play", "iqiyi", "wetv", "spotify", "zing-mp3", "nhaccuatui",
	    "soundcloud", "shopee", "lazada", "tiki", "temu", "tinder", "bumble", "tantan",
	    "badoo", "random-chat", "chatgpt", "gemini", "copilot", "claude",
	    "character-ai", "deepseek", "midjourney", "wattpad", "truyen-chu", "4chan",
	    "onlyfans", "nordvpn"};
	size_t unused;

	(void)state;
	assert_true(config->services.count >= 150);
	for (size_t i = 0; i < COUNT_OF(ASKED); i++)
		if (!config_find_service(config, ASKED[i], &unused))
			fail_msg("no service '%s'", ASKED[i]);
}

static void services_say_each_name_once(void **state)
{
	(void)state;
	for (size_t i = 0; i < config->services.count; i++)
		assert_no_idle_names(
		    &config->services.items[i].names, config->services.items[i].name.text);
}

/* What would be cut off with a service, or would keep it open. */
static void services_and_never_block_names_do_not_meet(void **state)
{
	(void)state;
	for (size_t i = 0; i < config->services.count; i++) {
		const struct rules_service *service = &config->services.items[i];
		for (size_t n = 0; n < config->never_block.count; n++) {
			const struct config_name *never = &config->never_block.items[n];
			if (any_covers(&service->names, never->name))
				fail_msg("%s covers %s, which is never blocked",
				    service->name.text, never->text);
			for (size_t k = 0; k < service->names.count; k++)
				if (covers(never->name, service->names.items[k].name))
					fail_msg(
					    "%s: %s is below %s, which is never blocked",
					    service->name.text,
					    service->names.items[k].text, never->text);
		}
	}
}

/* Blocking TikTok must not break what runs on the same clouds. */
static void services_leave_shared_houses_alone(void **state)
{
	static const char *const SHARED[] = {"googleapis.com", "gstatic.com", "google.com",
	    "googleusercontent.com", "l.google.com", "akamaized.net", "akamaihd.net",
	    "akamai.net", "cloudfront.net", "amazonaws.com", "fastly.net", "cloudflare.com",
	    "cloudflare.net", "azureedge.net", "microsoft.com", "live.com", "bing.com",
	    "apple.com", "icloud.com", "jsdelivr.net", "github.com",
	    "githubusercontent.com", "qq.com", "zing.vn", "24h.com.vn", "vtv.vn", "edu.vn",
	    "gov.vn", "com.vn", "alicdn.com", "live-video.net"};
	struct name_buf buf;

	(void)state;
	for (size_t i = 0; i < config->services.count; i++)
		for (size_t k = 0; k < COUNT_OF(SHARED); k++)
			if (any_covers(&config->services.items[i].names,
			        name_of_text(&buf, SHARED[k])))
				fail_msg("%s covers %s",
				    config->services.items[i].name.text, SHARED[k]);
}

/* ---- safe search ------------------------------------------------------------------------ */

static const struct rules_engine *engine_of(const char *qname)
{
	const struct rules_engines *all = &config->safe_search.engines;
	struct name_buf buf;
	struct dname name = name_of_text(&buf, qname);

	for (size_t i = 0; i < all->count; i++)
		for (size_t k = 0; k < all->items[i].names.count; k++)
			if (name_equal(all->items[i].names.items[k].name, name))
				return &all->items[i];
	return NULL;
}

static void engines_lead_where_their_makers_say(void **state)
{
	static const struct {
		const char *qname;
		const char *safe; /* NULL: blocked */
	} CASES[] = {
	    {"www.google.com", "forcesafesearch.google.com"},
	    {"google.com.vn", "forcesafesearch.google.com"},
	    {"www.google.com.vn", "forcesafesearch.google.com"},
	    {"www.google.co.uk", "forcesafesearch.google.com"},
	    {"google.cat", "forcesafesearch.google.com"},
	    {"www.bing.com", "strict.bing.com"},
	    {"duckduckgo.com", "safe.duckduckgo.com"},
	    {"www.yandex.ru", "familysearch.yandex.ru"},
	    {"www.ecosia.org", "strict-safe-search.ecosia.org"},
	    {"pixabay.com", "safesearch.pixabay.com"},
	    {"search.brave.com", "forcesafe.search.brave.com"},
	    {"api.qwant.com", "safeapi.qwant.com"},
	    {"www.startpage.com", "safe.startpage.com"},
	    {"coccoc.com", NULL},
	    {"search.yahoo.com", NULL},
	    {"vn.search.yahoo.com", NULL},
	    {"www.baidu.com", NULL},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(CASES); i++) {
		const struct rules_engine *engine = engine_of(CASES[i].qname);
		assert_non_null(engine);
		assert_int_equal(engine->block, CASES[i].safe == NULL);
		assert_string_equal(
		    engine->safe.text, CASES[i].safe != NULL ? CASES[i].safe : "");
	}
	assert_null(engine_of("mail.google.com"));
	assert_null(engine_of("maps.google.com"));
	assert_true(engine_of("www.google.com")->names.count >= 2 * 185);
}

/* Every Google is there with and without www, and nothing but Googles. */
static void googles_come_in_pairs(void **state)
{
	const struct rules_engine *google = engine_of("www.google.com");
	char other[80];

	(void)state;
	for (size_t i = 0; i < google->names.count; i++) {
		const char *text = google->names.items[i].text;
		bool has_www = strncmp(text, "www.", 4) == 0;
		const char *bare = has_www ? text + 4 : text;
		assert_true(strncmp(bare, "google.", 7) == 0);
		(void)snprintf(other, sizeof other, "%s%s", has_www ? "" : "www.", bare);
		assert_ptr_equal(engine_of(other), google);
	}
}

static void youtube_is_led_as_google_documents_it(void **state)
{
	static const char *const NAMES[] = {"www.youtube.com", "m.youtube.com",
	    "youtubei.googleapis.com", "youtube.googleapis.com",
	    "www.youtube-nocookie.com"};
	const struct rules_safe_search *all = &config->safe_search;
	struct name_buf buf;

	(void)state;
	assert_int_equal(all->youtube.names.count, COUNT_OF(NAMES));
	for (size_t i = 0; i < COUNT_OF(NAMES); i++)
		assert_true(any_covers(&all->youtube.names, name_of_text(&buf, NAMES[i])));
	assert_string_equal(all->youtube.moderate.text, "restrictmoderate.youtube.com");
	assert_string_equal(all->youtube.strict.text, "restrict.youtube.com");
	assert_no_idle_names(&all->youtube.domains, "youtube");
	assert_false(
	    any_covers(&all->youtube.domains, name_of_text(&buf, "googleapis.com")));
	assert_false(
	    any_covers(&all->youtube.domains, name_of_text(&buf, "youtubeeducation.com")));
}

/* A service that covers a safe address would shut the engine: only its own may. */
static void assert_target_stays_open(const struct config_name *target, const char *owner)
{
	for (size_t i = 0; i < config->services.count; i++) {
		const struct rules_service *service = &config->services.items[i];
		if (target->name.wire != NULL &&
		    any_covers(&service->names, target->name) &&
		    strcmp(service->name.text, owner) != 0)
			fail_msg("service %s covers %s", service->name.text, target->text);
	}
}

static void safe_addresses_are_of_no_other_service(void **state)
{
	const struct rules_safe_search *all = &config->safe_search;

	(void)state;
	for (size_t i = 0; i < all->engines.count; i++)
		assert_target_stays_open(&all->engines.items[i].safe, "");
	assert_target_stays_open(&all->youtube.moderate, "youtube");
	assert_target_stays_open(&all->youtube.strict, "youtube");
}

/* ---- bypass, popular names -------------------------------------------------------------- */

static void devices_that_ask_are_told_no(void **state)
{
	static const struct {
		const char *name;
		enum rules_answer answer;
	} CASES[] = {{"use-application-dns.net", RULES_ANSWER_NXDOMAIN},
	    {"mask.icloud.com", RULES_ANSWER_NXDOMAIN},
	    {"mask-h2.icloud.com", RULES_ANSWER_NXDOMAIN},
	    {"_dns.resolver.arpa", RULES_ANSWER_NODATA}};
	struct name_buf buf;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(CASES); i++) {
		struct dname name = name_of_text(&buf, CASES[i].name);
		bool found = false;
		for (size_t k = 0; k < config->bypass.count; k++) {
			const struct rules_bypass_name *b = &config->bypass.items[k];
			if (b->reach == REACH_SUBTREE ? covers(b->name.name, name)
			                              : name_equal(b->name.name, name)) {
				assert_int_equal(b->answer, CASES[i].answer);
				found = true;
			}
		}
		assert_true(found);
	}
}

static void popular_names_stand_once_each(void **state)
{
	static const char *const POPULAR[] = {"google.com", "vnexpress.net",
	    "vietcombank.com.vn", "edu.vn", "moet.gov.vn", "microsoft.com",
	    "cloudfront.net", "wikipedia.org"};
	struct name_buf buf;

	(void)state;
	assert_true(config->popular.count >= 300);
	for (size_t i = 0; i < config->popular.count; i++)
		for (size_t j = 0; j < i; j++)
			if (name_equal(config->popular.items[i].name,
			        config->popular.items[j].name))
				fail_msg("'%s' twice", config->popular.items[i].text);
	for (size_t i = 0; i < COUNT_OF(POPULAR); i++)
		assert_true(any_covers(&config->popular, name_of_text(&buf, POPULAR[i])));
}

/* Names that help children are protected for every tier. */
static void help_is_never_blocked(void **state)
{
	static const char *const HELP[] = {"tongdai111.vn", "www.vn-cop.vn", "moh.gov.vn",
	    "unicef.org", "who.int", "benhviennhitrunguong.gov.vn", "findahelpline.com",
	    "takeitdown.ncmec.org", "moet.gov.vn", "scratch.mit.edu"};
	struct name_buf buf;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(HELP); i++)
		assert_true(any_covers(&config->never_block, name_of_text(&buf, HELP[i])));
}

/* ---- the catalogue ---------------------------------------------------------------------- */

static bool is_own(const struct config_feed *feed)
{
	return strncmp(feed->url.items[0].text, "file://", 7) == 0;
}

static void the_catalogue_has_feeds_of_others_for_every_kind(void **state)
{
	static const char *const FILLED[] = {"adult", "gambling", "violence_weapons",
	    "extremism", "drugs_alcohol_tobacco", "malware", "phishing_scam",
	    "social_network", "dating", "piracy", "proxy_vpn_doh", "ads_tracking"};
	size_t others = 0;

	(void)state;
	for (size_t i = 0; i < config->catalogue.count; i++) {
		const struct rules_feed *entry = &config->catalogue.items[i];
		if (is_own(&entry->feed)) {
			assert_true(entry->recommended);
			continue;
		}
		others++;
		for (size_t u = 0; u < entry->feed.url.count; u++)
			assert_true(
			    strncmp(entry->feed.url.items[u].text, "https://", 8) == 0);
		assert_true(entry->entries > 0 && entry->size_bytes > 0);
		if (entry->recommended) {
			/* Too few names are refused long before a list is empty. */
			assert_true(entry->feed.min_entries >= entry->entries / 4 &&
			    entry->feed.min_entries > 0);
			assert_null(strstr(entry->licence.text, "none"));
			assert_null(strstr(entry->licence.text, "NC"));
		}
	}
	assert_true(others >= 60);
	for (size_t k = 0; k < COUNT_OF(FILLED); k++) {
		size_t recommended = 0;
		for (size_t i = 0; i < config->catalogue.count; i++) {
			const struct rules_feed *entry = &config->catalogue.items[i];
			recommended += !is_own(&entry->feed) && entry->recommended &&
			    strcmp(entry->feed.category.text, FILLED[k]) == 0;
		}
		if (recommended == 0)
			fail_msg("nothing recommended for %s", FILLED[k]);
	}
}

static void what_is_recommended_is_pulled(void **state)
{
	struct config *own =
	    school_config("school: {levels: [primary]}\n"
	                  "filter: {feeds: [{name: a, category: games, "
	                  "url: ['file:a.txt'], format: rpz, rewrite: on}]}\n",
	        NULL);
	size_t pulled = 0;

	(void)state;
	for (size_t i = 0; i < config->catalogue.count; i++) {
		if (!config->catalogue.items[i].recommended)
			continue;
		assert_string_equal(config->filter.feeds.items[pulled++].name.text,
		    config->catalogue.items[i].feed.name.text);
	}
	assert_int_equal(pulled, config->filter.feeds.count);
	assert_int_equal(own->filter.feeds.count, 1);
	assert_int_equal(own->filter.feeds.items[0].format, FEED_FORMAT_RPZ);
	assert_true(own->filter.feeds.items[0].rewrite);
	assert_int_equal(own->catalogue.count, config->catalogue.count);
	config_free(own);
}

/* ---- the timetables that ship ----------------------------------------------------------- */

static bool opens_at(const struct rules_schedule *s, unsigned weekday, unsigned minute)
{
	return (s->days >> weekday & 1) != 0 && s->from_min <= minute && minute < s->to_min;
}

static void nothing_opens_in_lessons_nor_at_night(void **state)
{
	static const unsigned SHUT[] = {0, 5 * 60, 7 * 60, 9 * 60, 11 * 60 + 29, 13 * 60,
	    14 * 60, 16 * 60 + 59, 22 * 60, 23 * 60 + 59};

	(void)state;
	for (size_t t = 0; t < config->tiers.count; t++) {
		const struct rules_schedules *all = &config->tiers.items[t].schedules;
		for (size_t i = 0; i < all->count; i++) {
			const struct rules_schedule *s = &all->items[i];
			assert_true(s->to_min > s->from_min && s->date_count == 0);
			for (unsigned day = 0; day < 6; day++) /* Sunday has no lessons */
				for (size_t m = 0; m < COUNT_OF(SHUT); m++)
					assert_false(opens_at(s, day, SHUT[m]));
		}
	}
}

static void windows_open_only_what_the_tier_blocks(void **state)
{
	size_t tiers_with_windows = 0;

	(void)state;
	for (size_t t = 0; t < config->tiers.count; t++) {
		const struct rules_tier *tier = &config->tiers.items[t];
		for (size_t i = 0; i < tier->schedules.count; i++)
			assert_int_equal(
			    tier->schedules.items[i].unblock & ~tier->block, 0);
		tiers_with_windows += tier->schedules.count > 0;
	}
	assert_int_equal(tiers_with_windows, 6); /* all but staff */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(services_that_schools_ask_about_are_there),
	    cmocka_unit_test(services_say_each_name_once),
	    cmocka_unit_test(services_and_never_block_names_do_not_meet),
	    cmocka_unit_test(services_leave_shared_houses_alone),
	    cmocka_unit_test(engines_lead_where_their_makers_say),
	    cmocka_unit_test(googles_come_in_pairs),
	    cmocka_unit_test(youtube_is_led_as_google_documents_it),
	    cmocka_unit_test(safe_addresses_are_of_no_other_service),
	    cmocka_unit_test(devices_that_ask_are_told_no),
	    cmocka_unit_test(popular_names_stand_once_each),
	    cmocka_unit_test(help_is_never_blocked),
	    cmocka_unit_test(the_catalogue_has_feeds_of_others_for_every_kind),
	    cmocka_unit_test(what_is_recommended_is_pulled),
	    cmocka_unit_test(nothing_opens_in_lessons_nor_at_night),
	    cmocka_unit_test(windows_open_only_what_the_tier_blocks),
	};
	return cmocka_run_group_tests(tests, open_config, close_config);
}
