/* fetch's own: the queue (fetch.c) and the requests in it (fetch_job.c). */
#ifndef FEEDS_FETCH_INTERNAL_H
#define FEEDS_FETCH_INTERNAL_H

#include <curl/curl.h>
#include <event2/event.h>

#include "feeds/fetch.h"
#include "kit/resolve.h"
#include "kit/transport.h"

/* One request: its addresses in turn, each with its hops. */
struct job {
	struct fetcher *fetcher;
	struct job *next; /* in the queue */
	struct fetch_request request;

	size_t url_index;
	unsigned redirects;
	struct url url;                /* the hop under way */
	char member[URL_MEMBER_BYTES]; /* behind # in the configured address */
	enum address_class configured; /* class of the configured address */
	bool conditional;              /* this address was asked with validators */

	struct resolution *resolution;
	CURL *easy;
	struct curl_slist *headers;
	struct curl_slist *hosts;
	char curl_error[CURL_ERROR_SIZE];

	uint64_t decoded;
	uint64_t discarded;
	struct diag refusal;  /* of this address, from our own callbacks */
	struct diag failures; /* of all addresses so far */
	uint32_t retry_after_s;
};

struct fetcher {
	struct fetch_options options;
	struct event *kick; /* starts what waits in the queue */
	struct transport *transport;
	bool proxied;
	struct url proxy;
	struct job *queue;
	struct job *running[FETCH_PARALLEL_MAX];
	size_t pending;
};

/* Begins with the address whose turn it is, or ends the job when none is left. */
void job_try_address(struct job *job);
/* Breaks it off; the sink hears nothing. */
void job_free(struct job *job);
/* The job is about to tell its sink that it has ended, and will be freed. */
void fetcher_forget(struct fetcher *f, const struct job *job);

#endif
