#include <openssl/ssl.h>
#include <stdlib.h>

#include "base/words.h"
#include "feeds/fetch_internal.h"

static void on_kick(evutil_socket_t fd UNUSED, short what UNUSED, void *arg)
{
	struct fetcher *f = arg;

	for (size_t i = 0; i < FETCH_PARALLEL_MAX && f->queue != NULL; i++) {
		if (f->running[i] != NULL)
			continue;
		struct job *job = f->queue;
		f->queue = job->next;
		f->running[i] = job;
		job_try_address(job);
	}
}

void fetcher_forget(struct fetcher *f, const struct job *job)
{
	for (size_t i = 0; i < FETCH_PARALLEL_MAX; i++) {
		if (f->running[i] == job)
			f->running[i] = NULL;
	}
	f->pending--;
	/* From the loop, not from here: a row of requests that fail at once would pile up. */
	event_active(f->kick, EV_TIMEOUT, 0);
}

enum err fetcher_add(struct fetcher *f, const struct fetch_request *request)
{
	struct job *job = calloc(1, sizeof *job);
	struct job **last = &f->queue;

	if (job == NULL)
		return ERR_MEMORY;
	job->fetcher = f;
	job->request = *request;
	if (job->request.url_count > FETCH_URLS_MAX)
		job->request.url_count = FETCH_URLS_MAX;
	while (*last != NULL)
		last = &(*last)->next;
	*last = job;
	f->pending++;
	event_active(f->kick, EV_TIMEOUT, 0);
	return OK;
}

size_t fetcher_pending(const struct fetcher *f)
{
	return f->pending;
}

static enum err check_trust(const char *ca_file, struct diag *why)
{
	if (ca_file[0] == 0)
		return OK;
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
	bool fine = ctx != NULL && SSL_CTX_load_verify_locations(ctx, ca_file, NULL) == 1;
	SSL_CTX_free(ctx);
	if (fine)
		return OK;
	diag_set(why, N_("filter.ca_file %s: no certificate could be read"), ca_file);
	return ERR_IO;
}

static enum err set_proxy(struct fetcher *f, struct diag *why)
{
	struct diag inner = {.text = ""};

	if (f->options.proxy[0] == 0)
		return OK;
	if (url_parse(&f->proxy, f->options.proxy, "", &inner) != OK ||
	    f->proxy.scheme == URL_FILE) {
		diag_set(why, "filter.feed_proxy %s: %s", f->options.proxy,
		    inner.text[0] != 0 ? inner.text : N_("not an http or https address"));
		return ERR_IO;
	}
	f->proxied = true;
	return OK;
}

enum err fetcher_new(struct fetcher **out, struct event_base *base,
    const struct fetch_options *options, struct diag *why)
{
	struct fetcher *f = calloc(1, sizeof *f);

	if (f == NULL)
		return ERR_MEMORY;
	f->options = *options;
	f->kick = evtimer_new(base, on_kick, f);
	enum err rc = f->kick != NULL ? check_trust(options->ca_file, why) : ERR_MEMORY;
	if (rc == OK)
		rc = set_proxy(f, why);
	if (rc == OK)
		rc = transport_new(&f->transport, base);
	if (rc != OK) {
		fetcher_free(f);
		return rc;
	}
	*out = f;
	return OK;
}

void fetcher_free(struct fetcher *f)
{
	if (f == NULL)
		return;
	for (size_t i = 0; i < FETCH_PARALLEL_MAX; i++) {
		if (f->running[i] != NULL)
			job_free(f->running[i]);
	}
	while (f->queue != NULL) {
		struct job *job = f->queue;
		f->queue = job->next;
		job_free(job);
	}
	transport_free(f->transport);
	if (f->kick != NULL)
		event_free(f->kick);
	free(f);
}
