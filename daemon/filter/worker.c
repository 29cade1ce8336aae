#include "filter/worker.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "filter/clients.h"
#include "filter/diagnosing.h"
#include "filter/forward.h"
#include "filter/identity.h"
#include "filter/pace.h"
#include "filter/query.h"
#include "filter/tcp_server.h"
#include "filter/udp_server.h"
#include "kit/log.h"

void worker_wake(struct worker *w)
{
	struct timespec t;

	w->snapshot = atomic_load_explicit(&w->filter->snapshot, memory_order_acquire);
	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	w->now.mono_ms = (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
	(void)clock_gettime(CLOCK_REALTIME_COARSE, &t);
	w->now.wall_s = t.tv_sec;
	w->now.wall_trusted =
	    atomic_load_explicit(&w->filter->wall_trusted, memory_order_relaxed);
	w->tested = atomic_load_explicit(&w->filter->test_token, memory_order_relaxed) != 0;
	w->diagnosing = w->now.mono_ms <
	    atomic_load_explicit(&w->filter->diagnose_until_ms, memory_order_relaxed);
}

void worker_rest(struct worker *w)
{
	unsigned dropped = udp_outbox_flush(w->outbox);
	if (dropped > 0)
		counter_add(&w->counters.dropped, dropped);
	/* What was published before this moment will be loaded by the next wake, so whatever
	 * came before it is no longer used here. Release: main frees after it has read this. */
	uint64_t seen = atomic_load_explicit(&w->filter->published, memory_order_acquire);
	w->snapshot = NULL;
	atomic_store_explicit(&w->rested, seen, memory_order_release);
	counter_add(&w->rests, 1);
}

void worker_random(struct worker *w, void *out, size_t len)
{
	if (w->random_left < len) {
		size_t have = 0;
		while (have < sizeof w->random) {
			ssize_t n = getrandom(w->random + have, sizeof w->random - have, 0);
			if (n < 0 && errno != EINTR)
				abort(); /* no entropy source at all: an ID would be a guess */
			if (n > 0)
				have += (size_t)n;
		}
		w->random_left = sizeof w->random;
	}
	w->random_left -= len;
	memcpy(out, w->random + w->random_left, len);
	/* Used numbers do not stay in memory. */
	memset(w->random + w->random_left, 0, len);
}

/* ---- the mailbox ---- */

static void poke_fd(int fd)
{
	uint64_t one = 1;
	/* EAGAIN: it is as readable as can be already. */
	ssize_t n = write(fd, &one, sizeof one);
	(void)n;
}

void worker_poke(struct worker *w)
{
	poke_fd(w->mail_fd);
}

void letter_hold(struct letter *letter)
{
	atomic_fetch_add_explicit(&letter->readers, 1, memory_order_relaxed);
}

void letter_drop(struct letter *letter)
{
	if (atomic_fetch_sub_explicit(&letter->readers, 1, memory_order_acq_rel) == 1)
		free(letter);
}

void worker_mail(struct worker *to, struct asker *askers, struct letter *letter)
{
	struct mail *mail = &askers->mail;

	letter_hold(letter);
	*mail = (struct mail){NULL, askers, letter};
	(void)pthread_mutex_lock(&to->mail_lock);
	if (to->mail_tail != NULL) {
		to->mail_tail->next = mail;
	} else {
		to->mail_head = mail;
	}
	to->mail_tail = mail;
	(void)pthread_mutex_unlock(&to->mail_lock);
	worker_poke(to);
}

static struct mail *take_mail(struct worker *w)
{
	(void)pthread_mutex_lock(&w->mail_lock);
	struct mail *all = w->mail_head;
	w->mail_head = NULL;
	w->mail_tail = NULL;
	(void)pthread_mutex_unlock(&w->mail_lock);
	return all;
}

static void on_mail(evutil_socket_t fd, short what, void *context)
{
	struct worker *w = context;
	uint64_t count;

	(void)what;
	ssize_t n = read(fd, &count, sizeof count);
	(void)n;
	if (atomic_load_explicit(&w->stop, memory_order_acquire)) {
		event_base_loopbreak(w->base);
		return;
	}
	worker_wake(w);
	for (struct mail *mail = take_mail(w); mail != NULL;) {
		/* The mail lies in an asker, which finishing gives back. */
		struct mail *next = mail->next;
		struct letter *letter = mail->letter;
		for (struct asker *asker = mail->askers; asker != NULL;) {
			struct asker *after = (struct asker *)asker->waiter.next;
			query_finish(asker, letter);
			asker = after;
		}
		letter_drop(letter);
		mail = next;
	}
	worker_rest(w);
}

/* ---- life ---- */

static enum err open_mailbox(struct worker *w)
{
	w->mail_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (w->mail_fd < 0)
		return ERR_IO;
	w->mail_event = event_new(w->base, w->mail_fd, EV_READ | EV_PERSIST, on_mail, w);
	if (w->mail_event == NULL || event_add(w->mail_event, NULL) != 0)
		return ERR_MEMORY;
	return OK;
}

/* A socket on a wildcard address tells with each datagram where it arrived. */
static struct addr bound_address(int fd)
{
	struct sockaddr_storage sa = {0};
	socklen_t len = sizeof sa;

	if (getsockname(fd, (struct sockaddr *)&sa, &len) != 0)
		return ADDR_NONE;
	struct addr a = addr_from_sockaddr(&sa);
	return addr_is_unspecified(&a) ? ADDR_NONE : a;
}

static enum err listen_udp(struct worker *w, const struct worker_sockets *sockets)
{
	for (size_t i = 0; i < sockets->udp_count; i++) {
		struct listener *l = &w->udp[w->udp_count];
		*l = (struct listener){.worker = w, .fd = sockets->udp[i]};
		l->bound = bound_address(l->fd);
		l->event =
		    event_new(w->base, l->fd, EV_READ | EV_PERSIST, udp_on_readable, l);
		if (l->event == NULL || event_add(l->event, NULL) != 0)
			return ERR_MEMORY;
		w->udp_count++;
	}
	return OK;
}

static enum err build(struct worker *w, const struct worker_sockets *sockets)
{
	w->base = event_base_new();
	w->requests = calloc(REQUESTS_PER_CHUNK, sizeof *w->requests);
	w->late = calloc(1, sizeof *w->late);
	if (w->base == NULL || w->requests == NULL || w->late == NULL)
		return ERR_MEMORY;
	enum err rc = ruledb_scratch_new(&w->scratch);
	if (rc == OK)
		rc = udp_batch_new(&w->batch);
	if (rc == OK)
		rc = udp_outbox_new(&w->outbox);
	if (rc == OK)
		rc = diagnose_ring_new(&w->diagnose);
	if (rc == OK)
		rc = askers_new(w);
	if (rc == OK)
		rc = clients_new(&w->clients);
	if (rc == OK)
		rc = pace_new(&w->pace, w);
	if (rc == OK)
		rc = identities_new(&w->identities);
	if (rc == OK)
		rc = forwarder_new(&w->forwarder, w);
	if (rc == OK)
		rc = open_mailbox(w);
	if (rc == OK)
		rc = listen_udp(w, sockets);
	if (rc == OK)
		rc = tcp_server_new(&w->tcp, w, sockets->tcp, sockets->tcp_count);
	return rc;
}

enum err worker_new(struct worker **out, struct filter *filter, unsigned index,
    const struct worker_sockets *sockets, struct diag *why)
{
	struct worker *w = calloc(1, sizeof *w);
	if (w == NULL)
		return ERR_MEMORY;
	w->filter = filter;
	w->index = index;
	w->mail_fd = -1;
	(void)pthread_mutex_init(&w->mail_lock, NULL);
	enum err rc = build(w, sockets);
	if (rc != OK) {
		diag_set(why, "worker %u could not be made: %s", index, err_text(rc));
		worker_free(w);
		return rc;
	}
	*out = w;
	return OK;
}

static void *run(void *context)
{
	struct worker *w = context;
	char name[16]; /* what the kernel keeps of it */

	(void)snprintf(name, sizeof name, "worker %u", w->index);
	(void)prctl(PR_SET_NAME, name); /* for `top -H` */
	if (event_base_loop(w->base, EVLOOP_NO_EXIT_ON_EMPTY) < 0)
		log_error("worker", "the event loop of worker %u failed", w->index);
	return NULL;
}

enum err worker_start(struct worker *w)
{
	if (pthread_create(&w->thread, NULL, run, w) != 0)
		return ERR_MEMORY; /* of address space, or of threads */
	w->running = true;
	return OK;
}

static void free_events(struct worker *w)
{
	for (size_t i = 0; i < w->udp_count; i++) {
		event_free(w->udp[i].event);
		(void)close(w->udp[i].fd);
	}
	if (w->mail_event != NULL)
		event_free(w->mail_event);
}

void worker_stop(struct worker *w)
{
	if (!w->running)
		return;
	atomic_store_explicit(&w->stop, true, memory_order_release);
	worker_poke(w);
	(void)pthread_join(w->thread, NULL);
	w->running = false;
}

void worker_free(struct worker *w)
{
	if (w == NULL)
		return;
	worker_stop(w);
	forwarder_free(w->forwarder);
	tcp_server_free(w->tcp);
	free_events(w);
	for (struct mail *mail = take_mail(w); mail != NULL; mail = mail->next)
		letter_drop(mail->letter);
	udp_batch_free(w->batch);
	udp_outbox_free(w->outbox);
	askers_free(w);
	clients_free(w->clients);
	pace_free(w->pace);
	identities_free(w->identities);
	free(w->requests);
	free(w->late);
	ruledb_scratch_free(w->scratch);
	diagnose_ring_free(w->diagnose);
	if (w->mail_fd >= 0)
		(void)close(w->mail_fd);
	if (w->base != NULL)
		event_base_free(w->base);
	(void)pthread_mutex_destroy(&w->mail_lock);
	free(w);
}
