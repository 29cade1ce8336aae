#include "feed/pattern.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdlib.h>

#include "feed/tld.h"
#include "rule/rule.h"

enum {
	FEW_STEPS = 50, /* from each letter of the name: PCRE2 counts anew there */
	MATCH_STEPS_MAX = 1000,
	MATCH_DEPTH_MAX = 1000,
	MATCH_HEAP_KIB = 256,
	PROBE_BYTES = 160,
	UNRELATED_MATCHES_MAX =
	    9 /* of 40: a tenth of all names may share a habit, not more */
};

struct feed_pattern {
	pcre2_code *code;
	pcre2_match_data *data;
	pcre2_match_context *context;
	uint32_t *slow_left; /* while its breadth is tried; else NULL */
	bool costly;         /* none was left */
};

void feed_pattern_free(struct feed_pattern *p)
{
	if (p == NULL)
		return;
	pcre2_match_context_free(p->context);
	pcre2_match_data_free(p->data);
	pcre2_code_free(p->code);
	free(p);
}

static enum err prepare(struct feed_pattern *p)
{
	p->data = pcre2_match_data_create(1, NULL);
	p->context = pcre2_match_context_create(NULL);
	if (p->data == NULL || p->context == NULL)
		return ERR_MEMORY;
	(void)pcre2_set_depth_limit(p->context, MATCH_DEPTH_MAX);
	(void)pcre2_set_heap_limit(p->context, MATCH_HEAP_KIB);
	return OK;
}

enum err feed_pattern_new(struct feed_pattern **out, struct slice text)
{
	const uint32_t options = PCRE2_CASELESS | PCRE2_DOLLAR_ENDONLY | PCRE2_NEVER_UTF |
	    PCRE2_NEVER_UCP | PCRE2_NEVER_BACKSLASH_C;
	PCRE2_SIZE at;
	int error = 0;

	if (text.len == 0 || text.len > RULE_PATTERN_MAX_BYTES)
		return ERR_FORMAT;
	struct feed_pattern *p = calloc(1, sizeof *p);
	if (p == NULL)
		return ERR_MEMORY;
	enum err rc = OK;
	p->code = pcre2_compile(text.ptr, text.len, options, &error, &at, NULL);
	if (p->code == NULL) {
		rc = error == PCRE2_ERROR_HEAP_FAILED ? ERR_MEMORY : ERR_FORMAT;
	} else {
		rc = prepare(p);
	}
	if (rc != OK) {
		feed_pattern_free(p);
		return rc;
	}
	*out = p;
	return OK;
}

static int match(struct feed_pattern *p, const char *text, size_t len, uint32_t steps)
{
	(void)pcre2_set_match_limit(p->context, steps);
	return pcre2_match(p->code, (PCRE2_SPTR)text, len, 0, 0, p->data, p->context);
}

static bool may_be_slow(struct feed_pattern *p)
{
	if (p->slow_left == NULL)
		return true;
	p->costly = *p->slow_left == 0;
	*p->slow_left -= !p->costly;
	return !p->costly;
}

static bool matches_text(struct feed_pattern *p, const char *text, size_t len)
{
	if (p->costly)
		return false;
	int rc = match(p, text, len, FEW_STEPS);
	if (rc == PCRE2_ERROR_MATCHLIMIT && may_be_slow(p))
		rc = match(p, text, len, MATCH_STEPS_MAX);
	return rc >= 0;
}

bool feed_pattern_matches(struct feed_pattern *p, struct dname name)
{
	char text[NAME_TEXT_MAX];

	name_to_text(text, name);
	return matches_text(p, text, strlen(text));
}

/* ---- how much is covered ---- */

/* `before`, `middle` and `after` put together; false when it is too long to try. */
static bool matches_joined(
    struct feed_pattern *p, const char *before, struct slice middle, const char *after)
{
	char probe[PROBE_BYTES];
	size_t head = strlen(before), tail = strlen(after);

	if (head + middle.len + tail > sizeof probe)
		return false;
	memcpy(probe, before, head);
	memcpy(probe + head, middle.ptr, middle.len);
	memcpy(probe + head + middle.len, after, tail);
	return matches_text(p, probe, head + middle.len + tail);
}

/* Names with nothing in common but what all names have: a pattern that matches three of the
 * four below a suffix matches whatever is below it. */
static bool covers_suffix(struct feed_pattern *p, struct slice suffix)
{
	static const char *const strangers[] = {
	    "q7zk4x.", "w.bgh3-pv.", "9-mjt.", "uu.y.c0fs2ld."};
	unsigned misses = 0;

	for (size_t i = 0; i < COUNT_OF(strangers) && misses < 2; i++)
		misses += !matches_joined(p, strangers[i], suffix, "");
	return misses < 2;
}

/* Whether `word` is covered wherever it stands, or wherever a label begins with it: "casino"
 * means names that hold it, and that it is a top-level domain too is an accident;
 * "\.casino$" means just that. */
static bool is_about_word(struct feed_pattern *p, struct slice word)
{
	return matches_joined(p, "q7", word, "4.w9j.zmq") ||
	    matches_joined(p, "q7.", word, "4.w9j.zmq");
}

static bool covers_a_tld(struct feed_pattern *p)
{
	struct slice tld;
	size_t at = 0;
	uint8_t pair[2];

	while (feed_tld_next(&tld, &at)) {
		if (covers_suffix(p, tld) && !is_about_word(p, tld))
			return true;
	}
	for (unsigned i = 0; i < 26 * 26; i++) {
		pair[0] = (uint8_t)('a' + i / 26);
		pair[1] = (uint8_t)('a' + i % 26);
		if (covers_suffix(p, (struct slice){pair, 2}))
			return true;
	}
	return false;
}

/* Where no accident is borne, and suffixes of two labels that a pattern may name; whoever uses
 * the rules knows the rest. */
static bool covers_a_great_suffix(struct feed_pattern *p)
{
	static const char *const suffixes[] = {"com", "net", "org", "edu", "gov", "int",
	    "info", "com.vn", "edu.vn", "gov.vn", "net.vn", "org.vn", "ac.vn", "info.vn",
	    "name.vn", "health.vn", "id.vn", "io.vn", "ai.vn", "hanoi.vn", "co.uk", "ac.uk",
	    "com.au", "edu.au", "co.jp", "ac.jp", "co.kr", "com.cn", "edu.cn", "com.tw",
	    "com.sg", "co.th", "co.in", "com.br", "com.my"};

	for (size_t i = 0; i < COUNT_OF(suffixes); i++) {
		if (covers_suffix(p, slice_of(suffixes[i])))
			return true;
	}
	return false;
}

static bool covers_anything(struct feed_pattern *p)
{
	static const char *const unrelated[] = {"truonghoc.example", "www.b5v.edu.vn",
	    "mail.khoahoc.vn", "cdn7.q4m.net", "thuvien.hcmc.gov.vn", "x1.y2.z3.com",
	    "static.bao.com.vn", "jkl.io", "hoc-tap.org", "api.zmq.dev", "10f.info",
	    "weather.gov", "m.tiengviet.net", "unicef.org", "d3k9.cloudfront.net",
	    "print.local.lan", "time.b2.pool.ntp.org", "e.f.g.h.org", "lop6a.school",
	    "viber.co", "s3.r-7.storage.com", "ocsp.pki.goog", "phuhuynh.com.vn", "gg.nu",
	    "new.museum", "toan-hoc.edu", "sach.store", "img2.kho-anh.com", "ns1.dcx.uk",
	    "vatly.club", "smtp.chinh-phu.vn", "u-b-n-d.gov.vn", "p.q.co", "wiki.how2.tech",
	    "hoa.hoc.online", "dantri.fm", "7.gdx.cloud", "bv-nhi.health", "ctet.kr",
	    "maps.osm.de"};
	unsigned matches = 0;

	for (size_t i = 0; i < COUNT_OF(unrelated); i++)
		matches += matches_text(p, unrelated[i], strlen(unrelated[i]));
	return matches > UNRELATED_MATCHES_MAX;
}

static enum feed_breadth try_breadth(struct feed_pattern *p)
{
	if (covers_anything(p))
		return FEED_BREADTH_ANY;
	return covers_a_great_suffix(p) || covers_a_tld(p) ? FEED_BREADTH_SUFFIX
	                                                   : FEED_BREADTH_FINE;
}

enum feed_breadth feed_pattern_breadth(struct feed_pattern *p, uint32_t *slow_left)
{
	p->slow_left = slow_left;
	enum feed_breadth breadth = try_breadth(p);
	bool unknown = p->costly;
	p->slow_left = NULL;
	p->costly = false;
	return unknown ? FEED_BREADTH_UNKNOWN : breadth;
}
