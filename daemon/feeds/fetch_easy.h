/* fetch_easy -- how one libcurl handle is set up, and what its failures mean to people. */
#ifndef FEEDS_FETCH_EASY_H
#define FEEDS_FETCH_EASY_H

#include <curl/curl.h>
#include <stdbool.h>

#include "feeds/url.h"

/* Address, protocols and time limits of a transfer to `url`. */
void fetch_set_limits(CURL *easy, const struct url *url);

/* Appends "NAME: VALUE"; a value with control characters is left out. False when out of
 * memory. */
bool fetch_add_header(struct curl_slist **list, const char *name, const char *value);

/* Why a transfer failed, in words for a log: `refusal` when one of our callbacks said why,
 * else what `code` means, else libcurl's own words. Static or one of the arguments. */
const char *fetch_failure_text(CURLcode code, const char *refusal, const char *curl_error);

#endif
