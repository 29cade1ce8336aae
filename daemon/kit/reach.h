/* reach -- where a host's name leads, found before the system calls are limited: the C
 * library loads what it needs for names when it is first asked. Threads: none. */
#ifndef KIT_REACH_H
#define KIT_REACH_H

#include <stdbool.h>

#include <curl/curl.h>

#include "base/diag.h"
#include "base/err.h"

struct config_notify_to;

struct reach {
	struct curl_slist *resolved; /* for CURLOPT_RESOLVE; NULL: the host is an address */
	bool near; /* every address is this machine's or private: within the school */
};

#define REACH_NONE ((struct reach){NULL, false})

/* ERR_NOT_FOUND with *why, ERR_MEMORY. */
MUST_CHECK enum err reach_find(
    struct reach *out, const struct config_notify_to *to, struct diag *why);
void reach_deinit(struct reach *r);

#endif
