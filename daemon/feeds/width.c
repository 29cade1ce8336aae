#include "feeds/width.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	MATCH_LIMIT = 1000, /* ruledb's own: what is cut there blocks nothing either */
	DEPTH_LIMIT = 1000,
	HEAP_LIMIT_KIB = 256,
	PROBE_BYTES = 96,
	PROBES_TAKEN = 3, /* of four: a pattern takes a suffix with most names below it */
	NETWORK_MIN_BITS_4 = 8,
	NETWORK_MIN_BITS_6 = 16
};

struct width {
	pcre2_compile_context *how;
	pcre2_match_context *limits;
	pcre2_match_data *found;
	pcre2_code *code; /* NULL: no pattern */
};

static const char *const suffixes[] = {"com", "net", "org", "info", "biz", "edu", "gov",
    "vn", "com.vn", "net.vn", "org.vn", "edu.vn", "gov.vn", "ac.vn", "info.vn", "name.vn",
    "pro.vn", "health.vn", "biz.vn", "int.vn", "id.vn", "io.vn", "ai.vn", "us", "uk",
    "co.uk", "ac.uk", "cn", "com.cn", "tw", "com.tw", "hk", "jp", "co.jp", "kr", "co.kr",
    "sg", "com.sg", "th", "la", "kh", "au", "com.au", "in", "eu", "de", "fr", "nl", "ru",
    "br", "com.br", "it", "es", "pl", "io", "co", "me", "tv", "cc", "ws", "to", "app",
    "dev", "xyz", "top", "online", "site", "shop", "club", "store", "live", "link", "asia",
    "mobi", "vip", "fun", "icu", "pw"};

/* Names nobody has anything against, of the shapes that names have. */
static const char *const probes[] = {
    "truonghoc", "www.hoa-sen24", "q7", "thuvien.binhminh.khoi8"};

enum err width_new(struct width **out)
{
	struct width *w = calloc(1, sizeof *w);

	if (w == NULL)
		return ERR_MEMORY;
	w->how = pcre2_compile_context_create(NULL);
	w->limits = pcre2_match_context_create(NULL);
	w->found = pcre2_match_data_create(1, NULL);
	if (w->how == NULL || w->limits == NULL || w->found == NULL) {
		width_free(w);
		return ERR_MEMORY;
	}
	(void)pcre2_set_max_pattern_length(w->how, RULE_PATTERN_MAX_BYTES);
	(void)pcre2_set_parens_nest_limit(w->how, 50);
	(void)pcre2_set_match_limit(w->limits, MATCH_LIMIT);
	(void)pcre2_set_depth_limit(w->limits, DEPTH_LIMIT);
	(void)pcre2_set_heap_limit(w->limits, HEAP_LIMIT_KIB);
	*out = w;
	return OK;
}

void width_free(struct width *w)
{
	if (w == NULL)
		return;
	pcre2_code_free(w->code);
	pcre2_match_data_free(w->found);
	pcre2_match_context_free(w->limits);
	pcre2_compile_context_free(w->how);
	free(w);
}

bool width_set_pattern(struct width *w, struct slice pattern)
{
	const uint32_t options = PCRE2_CASELESS | PCRE2_NEVER_UTF | PCRE2_NEVER_UCP |
	    PCRE2_NEVER_BACKSLASH_C | PCRE2_NO_AUTO_CAPTURE | PCRE2_DOLLAR_ENDONLY;
	PCRE2_SIZE at;
	int code;

	pcre2_code_free(w->code);
	w->code = pcre2_compile(pattern.ptr, pattern.len, options, &code, &at, w->how);
	return w->code != NULL;
}

bool width_matches(struct width *w, const char *name)
{
	return w->code != NULL &&
	    pcre2_match(
	        w->code, (PCRE2_SPTR)name, strlen(name), 0, 0, w->found, w->limits) >= 0;
}

static bool takes(struct width *w, const char *suffix)
{
	char name[PROBE_BYTES];
	unsigned taken = 0;

	for (size_t i = 0; i < COUNT_OF(probes); i++) {
		/* Once two have passed, three cannot be had any more. */
		if (i - taken > COUNT_OF(probes) - PROBES_TAKEN)
			return false;
		(void)snprintf(name, sizeof name, "%s.%s", probes[i], suffix);
		taken += width_matches(w, name) ? 1 : 0;
	}
	return taken >= PROBES_TAKEN;
}

bool width_takes_suffix(struct width *w)
{
	for (size_t i = 0; i < COUNT_OF(suffixes); i++) {
		if (takes(w, suffixes[i]))
			return true;
	}
	return false;
}

bool width_network_is_wide(const struct rule_network *network)
{
	return network->bits <
	    (network->family == 4 ? NETWORK_MIN_BITS_4 : NETWORK_MIN_BITS_6);
}
