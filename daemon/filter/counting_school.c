#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "filter/counting_internal.h"
#include "kit/department.h"

/* The words of a tier's blocked categories, NULL at the end. */
static const char *const *block_words(
    struct arena *memory, const struct policy *policy, uint64_t block)
{
	size_t count = policy_category_count(policy);
	const char **words = arena_array(memory, count + 1, sizeof *words);
	size_t n = 0;

	for (size_t i = 0; words != NULL && i < count; i++) {
		if ((block >> i & 1) != 0)
			words[n++] = policy_category_at(policy, i)->name;
	}
	return words;
}

static const struct rules_tier *tier_of(const struct config *config, const char *name)
{
	size_t index;

	return config_find_tier(config, name, &index) ? &config->tiers.items[index] : NULL;
}

static const char *youtube_word(const struct rules_tier *tier)
{
	if (tier == NULL || tier->youtube == YOUTUBE_OFF)
		return "off";
	return tier->youtube == YOUTUBE_STRICT ? "strict" : "moderate";
}

static enum err fill_tiers(
    struct report_school *out, struct arena *memory, const struct snapshot *s)
{
	const struct policy *policy = s->policy;
	size_t count = policy_tier_count(policy);
	struct report_tier_policy *tiers = arena_array(memory, count, sizeof *tiers);

	if (tiers == NULL)
		return ERR_MEMORY;
	for (size_t i = 0; i < count; i++) {
		const struct policy_tier *tier = policy_tier_at(policy, i);
		tiers[i] = (struct report_tier_policy){tier->name,
		    block_words(memory, policy, tier->block),
		    youtube_word(tier_of(s->config, tier->name))};
		if (tiers[i].block == NULL)
			return ERR_MEMORY;
	}
	out->tiers = tiers;
	out->tier_count = count;
	return OK;
}

static enum err fill_categories(
    struct report_school *out, struct arena *memory, const struct snapshot *s)
{
	size_t count = policy_category_count(s->policy);
	struct report_category_entries *all = arena_array(memory, count, sizeof *all);

	if (all == NULL)
		return ERR_MEMORY;
	for (size_t i = 0; i < count; i++) {
		struct ruledb_category category = {.names = 0};
		const char *name = policy_category_at(s->policy, i)->name;
		int found =
		    s->rules->db == NULL ? -1 : ruledb_category_find(s->rules->db, name);
		if (found >= 0)
			(void)ruledb_category_at(s->rules->db, (unsigned)found, &category);
		all[i] = (struct report_category_entries){name, category.names};
	}
	out->categories = all;
	out->category_count = count;
	return OK;
}

/* Which bundles are in force stands first, by name and serial, whatever lists they have: the
 * department looks for it. */
static enum err fill_bundles(struct report_school *out, struct report_feed *feeds,
    struct arena *memory, const struct snapshot *s)
{
	char name[BUNDLE_NAME_MAX + 32];

	for (size_t i = 0; i < s->department->count && out->feed_count < REPORT_FEEDS;
	     i++) {
		const struct bundle *b = &s->department->items[i].bundle;
		uint64_t entries = 0;
		if (!s->department->items[i].in_force)
			continue;
		(void)snprintf(name, sizeof name, "bundle:%s.%llu", b->name,
		    (unsigned long long)b->serial);
		for (size_t k = 0; k < b->list_count; k++)
			entries += b->lists[k].entries;
		const char *kept = arena_text(memory, slice_of(name));
		const char *sha256 = arena_text(memory, slice_of(b->lists_sha256));
		if (kept == NULL || sha256 == NULL)
			return ERR_MEMORY;
		feeds[out->feed_count++] = (struct report_feed){kept, entries, 0, sha256};
	}
	return OK;
}

static enum err fill_feeds(
    struct report_school *out, struct arena *memory, const struct snapshot *s)
{
	struct ruledb_stat stat = {0};
	int64_t now_s = (int64_t)time(NULL);

	if (s->rules->db == NULL)
		return OK;
	ruledb_stat(s->rules->db, &stat);
	size_t count = stat.feeds < REPORT_FEEDS ? stat.feeds : REPORT_FEEDS;
	struct report_feed *feeds = arena_array(memory, REPORT_FEEDS, sizeof *feeds);
	if (feeds == NULL)
		return ERR_MEMORY;
	enum err rc = fill_bundles(out, feeds, memory, s);
	if (rc != OK)
		return rc;
	if (count > REPORT_FEEDS - out->feed_count)
		count = REPORT_FEEDS - out->feed_count;
	for (size_t i = 0; i < count; i++) {
		struct ruledb_feed feed;
		if (!ruledb_feed_at(s->rules->db, (unsigned)i, &feed))
			break;
		bool aged = feed.fetched_s > 0 && feed.fetched_s < now_s;
		feeds[out->feed_count++] = (struct report_feed){feed.name, feed.names,
		    aged ? (uint64_t)(now_s - feed.fetched_s) / 3600 : 0, feed.sha256};
	}
	out->feeds = feeds;
	return OK;
}

/* What a tier is configured to, beside its categories, as numbers in a fixed order. */
static bool digest_tier(EVP_MD_CTX *md, const struct rules_tier *tier)
{
	const uint64_t flags[] = {
	    tier->allow_only, tier->safe_search, (uint64_t)tier->youtube};
	bool ok = EVP_DigestUpdate(md, flags, sizeof flags) == 1 &&
	    EVP_DigestUpdate(md, tier->services.bits, sizeof tier->services.bits) == 1;

	for (size_t i = 0; ok && i < tier->schedules.count; i++) {
		const struct rules_schedule *w = &tier->schedules.items[i];
		const uint64_t times[] = {w->days, w->from_min, w->to_min, w->unblock,
		    w->block, w->allow_only, w->date_count};
		ok = EVP_DigestUpdate(md, times, sizeof times) == 1 &&
		    EVP_DigestUpdate(md, w->unblock_services.bits,
		        sizeof w->unblock_services.bits) == 1 &&
		    EVP_DigestUpdate(
		        md, w->block_services.bits, sizeof w->block_services.bits) == 1;
		for (size_t d = 0; ok && d < w->date_count; d++)
			ok = EVP_DigestUpdate(md, &w->dates[d], sizeof w->dates[d]) == 1;
	}
	return ok;
}

/* A digest of what the tiers block, of their timetables and of the feeds behind it: equal
 * policies are equal. */
static const char *policy_digest(
    struct arena *memory, const struct report_school *school, const struct config *config)
{
	uint8_t digest[EVP_MAX_MD_SIZE];
	unsigned len = 0;
	char *text = arena_alloc(memory, REPORT_SHA256_BYTES);
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	bool ok =
	    text != NULL && md != NULL && EVP_DigestInit_ex(md, EVP_sha256(), NULL) == 1;

	for (size_t i = 0; ok && i < school->tier_count; i++) {
		const struct report_tier_policy *tier = &school->tiers[i];
		ok = EVP_DigestUpdate(md, tier->tier, strlen(tier->tier) + 1) == 1;
		for (const char *const *word = tier->block; ok && *word != NULL; word++)
			ok = EVP_DigestUpdate(md, *word, strlen(*word) + 1) == 1;
		const struct rules_tier *configured = tier_of(config, tier->tier);
		ok = ok && (configured == NULL || digest_tier(md, configured));
	}
	for (size_t i = 0; ok && i < school->feed_count; i++) {
		ok = EVP_DigestUpdate(md, school->feeds[i].sha256,
		         strlen(school->feeds[i].sha256) + 1) == 1;
	}
	ok = ok && EVP_DigestFinal_ex(md, digest, &len) == 1;
	for (unsigned i = 0; ok && i < len && i < 32; i++)
		(void)snprintf(text + 2 * (size_t)i, 3, "%02x", digest[i]);
	EVP_MD_CTX_free(md);
	return ok ? text : NULL;
}

static const char *contact_of(const struct config_school *school)
{
	if (school->contact.email.text[0] != 0)
		return school->contact.email.text;
	return school->contact.phone.text;
}

/* What today's queries say of the way from the devices to us: the department must know
 * where one address stands for many, since all of them are one tier and one device then. */
static void fill_coverage(struct report_school *out, const struct sources *sources)
{
	struct shared_source one;

	out->placement = sources_are_forwarded(sources) ? "forwarded" : "gateway";
	out->shared_source = sources_shared(sources, &one, 1) > 0;
}

enum err counting_school(struct report_school *out, struct arena *memory,
    const struct snapshot *s, const struct sources *sources)
{
	const struct config *config = s->config;

	*out = (struct report_school){
	    .unit = config->school.unit.text,
	    .name = config->school.name.text,
	    .contact = contact_of(&config->school),
	    .generator = "lachan " LACHAN_VERSION,
	    .enforce = s->state.enforce,
	    .all_tiers = config->monitor.summary.tiers == SUMMARY_ALL,
	    .names = config->monitor.summary.names,
	    .top_names = (uint32_t)config->monitor.summary.top_names,
	    .privacy = {.min_devices = (uint32_t)config->monitor.summary.min_devices,
	        .min_population = (uint32_t)config->monitor.summary.min_population,
	        .cap = TALLY_LIMITS_DEFAULT.cap},
	};
	fill_coverage(out, sources);
	for (size_t i = 0; i < config->school.levels.count && i < REPORT_KINDS; i++)
		out->kinds[i] = config->school.levels.items[i].text;
	enum err rc = fill_tiers(out, memory, s);
	if (rc == OK)
		rc = fill_categories(out, memory, s);
	if (rc == OK)
		rc = fill_feeds(out, memory, s);
	if (rc == OK) {
		out->policy_sha256 = policy_digest(memory, out, config);
		rc = out->policy_sha256 == NULL ? ERR_MEMORY : OK;
	}
	return rc;
}
