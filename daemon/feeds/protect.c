#include "feeds/protect.h"

#include <libpsl.h>
#include <stdlib.h>

#include "feed/pattern.h"
#include "feed/suffix.h"
#include "feeds/sieve.h"
#include "feeds/url.h"

enum {
	SIEVE_BITS = 4096
};

struct protect {
	/* The hash of every name at or above a protected one sets a bit: nearly all rules
	 * pass here, and the list below is walked for the few others. */
	struct sieve sieve;
	uint64_t bits[SIEVE_BITS / 64]; /* the sieve's */
	psl_ctx_t *suffixes;            /* NULL: the library's own, compiled in */
	struct name_buf *names;
	size_t count;
	size_t capacity;
};

/* Time servers that devices and gateways come configured with: without the time no
 * certificate and no timetable is right. */
static const char *const time_servers[] = {"pool.ntp.org", "ntp.org", "time.windows.com",
    "time.apple.com", "time.google.com", "time.android.com", "time.cloudflare.com",
    "ntp.ubuntu.com", "time.nist.gov", "openwrt.pool.ntp.org", "debian.pool.ntp.org"};

static enum err add(struct protect *p, struct dname name)
{
	sieve_add(&p->sieve, name);
	if (p->count == p->capacity) {
		size_t more = p->capacity == 0 ? 32 : p->capacity * 2;
		struct name_buf *names = reallocarray(p->names, more, sizeof *names);
		if (names == NULL)
			return ERR_MEMORY;
		p->names = names;
		p->capacity = more;
	}
	name_copy(&p->names[p->count++], name);
	return OK;
}

/* What is no name (a literal address, "") needs no protection. */
static enum err add_text(struct protect *p, const char *text)
{
	struct name_buf name;

	if (text[0] == 0 || name_from_text(&name, slice_of(text), NULL) != OK)
		return OK;
	return add(p, name_of(&name));
}

static enum err add_host(struct protect *p, const char *address)
{
	struct url url;

	if (url_parse(&url, address, "", NULL) != OK || url.literal)
		return OK;
	return add_text(p, url.host);
}

static enum err add_feed_hosts(struct protect *p, const struct config *config)
{
	const struct config_feeds *feeds = &config->filter.feeds;
	enum err rc = add_host(p, config->filter.feed_proxy.text);

	for (size_t i = 0; rc == OK && i < feeds->count; i++) {
		for (size_t k = 0; rc == OK && k < feeds->items[i].url.count; k++)
			rc = add_host(p, feeds->items[i].url.items[k].text);
	}
	return rc;
}

/* Upstreams are addresses in the configuration, so there are no names of theirs; summaries
 * have no recipients yet. */
static enum err add_all(struct protect *p, const struct config *config)
{
	enum err rc = add(p, config->pages.portal.name.name);

	for (size_t i = 0; rc == OK && i < COUNT_OF(time_servers); i++)
		rc = add_text(p, time_servers[i]);
	if (rc == OK)
		rc = add_feed_hosts(p, config);
	return rc;
}

enum err protect_new(struct protect **out, const struct config *config)
{
	struct protect *p = calloc(1, sizeof *p);

	if (p == NULL)
		return ERR_MEMORY;
	p->sieve = (struct sieve){p->bits, SIEVE_BITS};
	p->suffixes = psl_latest(NULL);
	enum err rc = add_all(p, config);
	if (rc != OK) {
		protect_free(p);
		return rc;
	}
	*out = p;
	return OK;
}

void protect_free(struct protect *p)
{
	if (p == NULL)
		return;
	psl_free(p->suffixes);
	free(p->names);
	free(p);
}

static const psl_ctx_t *suffixes_of(const struct protect *p)
{
	return p->suffixes != NULL ? p->suffixes : psl_builtin();
}

/* The ICANN part alone: names of the other part (duckdns.org, github.io) are listed by
 * feeds for good reason. */
static bool is_public_suffix(const struct protect *p, struct dname name)
{
	char text[NAME_TEXT_MAX];

	if (!feed_may_be_public_suffix(name))
		return false;
	name_to_text(text, name);
	return psl_is_public_suffix2(
	           suffixes_of(p), text, PSL_TYPE_ICANN | PSL_TYPE_NO_STAR_RULE) != 0;
}

static bool name_covers(const struct rule *rule, struct dname name)
{
	switch (rule->kind & RULE_REACH_MASK) {
	case RULE_EXACT:
		return name_equal(name, rule->name);
	case RULE_BELOW:
		return name.len > rule->name.len && name_is_at_or_below(name, rule->name);
	default:
		return name_is_at_or_below(name, rule->name);
	}
}

static bool name_covers_protected(const struct protect *p, const struct rule *rule)
{
	size_t count = sieve_holds(&p->sieve, rule->name) ? p->count : 0;

	for (size_t i = 0; i < count; i++) {
		if (name_covers(rule, name_of(&p->names[i])))
			return true;
	}
	return false;
}

/* That a pattern would take a whole suffix with it the parser has found out. */
static bool pattern_covers_protected(const struct protect *p, struct slice text)
{
	struct feed_pattern *pattern = NULL;
	bool covers = false;

	if (feed_pattern_new(&pattern, text) != OK)
		return false;
	for (size_t i = 0; i < p->count && !covers; i++)
		covers = feed_pattern_matches(pattern, name_of(&p->names[i]));
	feed_pattern_free(pattern);
	return covers;
}

static bool covers(const struct protect *p, const struct rule *rule)
{
	switch (rule->subject) {
	case RULE_OF_NAME:
		return name_covers_protected(p, rule) || is_public_suffix(p, rule->name);
	case RULE_OF_PATTERN:
		return pattern_covers_protected(p, rule->terms->pattern);
	default:
		return false; /* addresses: none of ours is ever looked up by a name */
	}
}

bool protect_ignores(
    const struct protect *p, const struct config_feed *feed, const struct rule *rule)
{
	if (strcmp(feed->category.text, "allow") == 0)
		return rule->subject == RULE_OF_NAME && is_public_suffix(p, rule->name);
	return (rule->kind & RULE_EXCEPTION) == 0 && covers(p, rule);
}

void protect_digest(const struct protect *p, EVP_MD_CTX *sum)
{
	for (size_t i = 0; i < p->count; i++)
		digest_add(sum, (struct slice){p->names[i].wire, p->names[i].len});
	digest_add_text(sum, psl_get_version());
	digest_add_text(sum, psl_dist_filename());
}
