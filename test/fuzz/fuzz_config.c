/* Any bytes as lachan.yaml, over the rules' data that ship. Not crashing is not enough:
 * what is accepted must hold what the header of conf/config.h promises. */
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "conf/config.h"

static struct config_bundle rules;

static void must(bool holds)
{
	if (!holds)
		abort();
}

static void check_text(const struct conf_text *text)
{
	must(text->text != NULL && text->mark.file != NULL);
}

static void check_clients(const struct config_clients *clients)
{
	for (size_t i = 0; i < clients->count; i++) {
		const struct config_client *client = &clients->items[i];
		bool device = client->kind == CLIENT_MAC || client->kind == CLIENT_PAIR;
		must(device || client->kind == CLIENT_PREFIX ||
		    client->kind == CLIENT_RANGE);
		must(mac_is_device(client->mac) == device);
		must((client->first.family == 0) == (client->kind == CLIENT_MAC));
		must(client->first.family == client->last.family);
		must(memcmp(client->first.bytes, client->last.bytes, 16) <= 0);
		must(client->text != NULL && client->group != NULL);
	}
}

static void check_names(const struct config_names *names)
{
	for (size_t i = 0; i < names->count; i++) {
		struct dname name = names->items[i].name;
		must(name.len >= 3 && name.len <= NAME_OCTETS_MAX);
		must(name.wire[name.len - 1] == 0);
	}
}

static uint64_t never_opened(const struct config *c)
{
	uint64_t bits = 0;

	for (size_t i = 0; i < c->categories.count; i++)
		if (c->categories.items[i].locked || c->categories.items[i].security)
			bits |= UINT64_C(1) << i;
	return bits;
}

static void check_schedule(const struct config *c, const struct rules_schedule *schedule)
{
	check_text(&schedule->name);
	must(schedule->days != 0 && (schedule->days & ~RULES_EVERY_DAY) == 0);
	for (size_t i = 0; i < schedule->date_count; i++)
		must(schedule->dates[i].first <= schedule->dates[i].last);
	must(schedule->from_min < RULES_DAY_MIN && schedule->to_min <= RULES_DAY_MIN);
	must(schedule->to_min > 0 && schedule->to_min != schedule->from_min);
	must((schedule->unblock & (schedule->block | never_opened(c))) == 0);
	must(c->categories.count == 64 ||
	    (schedule->unblock | schedule->block) >> c->categories.count == 0);
}

static void check_tier(const struct config *c, const struct rules_tier *tier)
{
	check_text(&tier->name);
	check_text(&tier->name_vi);
	check_text(&tier->name_en);
	must(c->categories.count == 64 || tier->block >> c->categories.count == 0);
	for (size_t i = 0; i < c->categories.count; i++)
		must(!c->categories.items[i].locked || (tier->block >> i & 1) != 0);
	check_clients(&tier->clients);
	check_names(&tier->allow);
	check_names(&tier->deny);
	must(tier->youtube <= YOUTUBE_STRICT);
	must(tier->schedules.count <= RULES_SCHEDULES_MAX);
	for (size_t i = 0; i < tier->schedules.count; i++)
		check_schedule(c, &tier->schedules.items[i]);
}

static void check_feeds(const struct config *c)
{
	size_t unused;

	for (size_t i = 0; i < c->filter.feeds.count; i++) {
		const struct config_feed *feed = &c->filter.feeds.items[i];
		must(feed->name.text[0] != 0 && feed->url.count > 0);
		must(strcmp(feed->category.text, "allow") == 0 ||
		    config_find_category(c, feed->category.text, &unused));
		must(feed->max_shrink_percent <= 100 && feed->refresh_ms >= 60000);
	}
}

static void check_config(const struct config *c)
{
	must(c->school.levels.count > 0 && c->school.languages.count > 0);
	must(c->default_tier < c->tiers.count && c->categories.count > 0);
	must(c->server.listen.count > 0 && c->server.max_udp_size_bytes >= 512);
	must(c->server.state_dir.text[0] == '/' && c->server.run_dir.text[0] == '/');
	must(c->monitor.summary.min_devices >= 5);
	check_text(&c->school.name);
	check_text(&c->filter.feed_proxy);
	for (size_t i = 0; i < c->tiers.count; i++)
		check_tier(c, &c->tiers.items[i]);
	check_names(&c->never_block);
	check_feeds(c);
	must(config_needs_restart(c, c) == NULL);
}

/* A file of the tree as a part of every bundle, once. */
static void add_rules_file(enum bundle_part part, const char *path)
{
	rules.parts[part].file = strdup(path);
	rules.parts[part].text = BUF_INIT(1 << 20);
	must(rules.parts[part].file != NULL);
	must(file_read(path, &rules.parts[part].text) == OK);
}

static void read_rules_once(void)
{
	if (rules.folder != NULL)
		return;
	rules.folder = strdup("/etc/lachan");
	rules.data_dir = strdup(RULES_DIR);
	add_rules_file(BUNDLE_CATEGORIES, RULES_DIR "/categories.yaml");
	add_rules_file(BUNDLE_TIERS, RULES_DIR "/tiers.yaml");
	add_rules_file(BUNDLE_FEEDS, RULES_DIR "/feeds.yaml");
	add_rules_file(BUNDLE_SERVICES, RULES_DIR "/services.yaml");
	add_rules_file(BUNDLE_SAFE_SEARCH, RULES_DIR "/safe_search.yaml");
	add_rules_file(BUNDLE_BYPASS, RULES_DIR "/bypass.yaml");
	add_rules_file(BUNDLE_NEVER_BLOCK, RULES_DIR "/never-block.txt");
	add_rules_file(BUNDLE_POPULAR, RULES_DIR "/popular.txt");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A line of "%%%%" parts the main file from its overrides. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char SEPARATOR[] = "%%%%\n";
	static char main_name[] = "lachan.yaml";
	static char overrides_name[] = "overrides.yaml";
	struct diags all = DIAGS_NONE;
	struct config *config = NULL;

	read_rules_once();
	struct config_bundle bundle = rules;
	const uint8_t *cut =
	    size > 0 ? memmem(data, size, SEPARATOR, sizeof SEPARATOR - 1) : NULL;
	size_t main_size = cut != NULL ? (size_t)(cut - data) : size;
	bundle.parts[BUNDLE_MAIN].file = main_name;
	bundle.parts[BUNDLE_MAIN].text = BUF_INIT(2 << 20);
	buf_append(&bundle.parts[BUNDLE_MAIN].text, (struct slice){data, main_size});
	if (cut != NULL) {
		size_t skip = main_size + sizeof SEPARATOR - 1;
		bundle.parts[BUNDLE_OVERRIDES].file = overrides_name;
		bundle.parts[BUNDLE_OVERRIDES].text = BUF_INIT(2 << 20);
		buf_append(&bundle.parts[BUNDLE_OVERRIDES].text,
		    (struct slice){data + skip, size - skip});
	}
	enum err rc = config_load_bundle(&config, &bundle, &all);
	must((rc == OK) == (config != NULL));
	must(rc != ERR_CONFIG || all.errors > 0);
	if (rc == OK)
		check_config(config);
	config_free(config);
	buf_deinit(&bundle.parts[BUNDLE_MAIN].text);
	buf_deinit(&bundle.parts[BUNDLE_OVERRIDES].text);
	diags_deinit(&all);
	return 0;
}
