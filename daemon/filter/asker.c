#include <stdlib.h>
#include <string.h>

#include "filter/clients.h"

enum err askers_new(struct worker *w)
{
	w->askers = calloc(ASKERS_MAX, sizeof *w->askers);
	if (w->askers == NULL)
		return ERR_MEMORY;
	/* Handed out in order, so that a quiet worker touches few pages. */
	w->free_askers = NULL;
	w->askers_used = 0;
	w->askers_by_client = calloc(1, sizeof *w->askers_by_client);
	return w->askers_by_client == NULL ? ERR_MEMORY : OK;
}

void askers_free(struct worker *w)
{
	free(w->askers);
	free(w->askers_by_client);
	w->askers = NULL;
	w->askers_by_client = NULL;
}

/* The message without its packet, which the next batch overwrites: the question moves into
 * the asker, and what no answer needs is dropped. */
static void remember_message(struct asker *asker, const struct message *from)
{
	asker->message = *from;
	asker->message.packet = SLICE_EMPTY;
	asker->message.edns.cookie = SLICE_EMPTY;
	asker->message.edns.client_subnet = SLICE_EMPTY;
	asker->message.edns.options = SLICE_EMPTY;
	size_t len = from->question.len;
	if (len > sizeof asker->question)
		len = 0; /* cannot be: a question is at most a name and four octets */
	memcpy(asker->question, from->question.ptr, len);
	asker->message.question = (struct slice){asker->question, len};
}

/* While there is room nobody is asked how many he is: a whole school's computers may sit
 * behind one address and all want the same name. */
static bool has_share(struct worker *w, struct request *r, struct share share)
{
	unsigned max =
	    atomic_load_explicit(&w->askers_waiting, memory_order_relaxed) < ASKERS_MAX / 2
	    ? ASKERS_MAX
	    : clients_askers_max(w, r);

	if (shares_take(w->askers_by_client, share, max))
		return true;
	counter_add(&w->counters.capped_askers, 1);
	r->over_share = true;
	return false;
}

struct asker *asker_take(struct worker *w, struct request *r)
{
	struct asker *asker = w->free_askers;
	struct share share = share_of(clients_hash(w, r));

	if (!has_share(w, r, share))
		return NULL;
	if (asker != NULL) {
		w->free_askers = (struct asker *)asker->waiter.next;
	} else if (w->askers_used < ASKERS_MAX) {
		asker = &w->askers[w->askers_used++];
	} else {
		shares_give(w->askers_by_client, share);
		return NULL;
	}
	asker->waiter.next = NULL;
	asker->home = w;
	asker->share = share;
	asker->options_len = r->options_len;
	memcpy(asker->options, r->options, sizeof asker->options);
	asker->transport = r->transport;
	asker->client = r->client;
	asker->mac = r->mac;
	asker->forwarded = r->forwarded;
	asker->network_bits = r->network_bits;
	asker->peer = r->forwarded ? r->peer : ADDR_NONE;
	asker->local = r->local;
	asker->arrived_ms = r->arrived_ms;
	remember_message(asker, &r->message);
	counter_add(&w->askers_waiting, 1);
	asker->transport->hold(asker, r);
	return asker;
}

void asker_release(struct asker *asker)
{
	struct worker *w = asker->home;

	asker->transport->release(asker);
	counter_add(&w->askers_waiting, UINT64_MAX); /* one less */
	shares_give(w->askers_by_client, asker->share);
	asker->waiter.next = (struct waiter *)w->free_askers;
	w->free_askers = asker;
}
