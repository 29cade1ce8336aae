#include "page/sessions.h"

#include <malloc.h>
#include <stdlib.h>
#include <sys/queue.h>

struct session {
	TAILQ_ENTRY(session) entry;
	struct sessions *home; /* NULL: that has been closed */
	struct bufferevent *stream;
	SSL *ssl;
};

struct sessions {
	TAILQ_HEAD(, session) all; /* the one that began first comes first */
	unsigned count;
	unsigned most; /* since sessions_care() */
	int index;     /* where an SSL keeps its session */
};

/* It lives on, and nobody counts it any more. */
static void uncount(struct session *one)
{
	if (one->home == NULL)
		return;
	TAILQ_REMOVE(&one->home->all, one, entry);
	one->home->count--;
	one->home = NULL;
}

static void leave(struct session *one)
{
	uncount(one);
	free(one);
}

/* OpenSSL calls it when an SSL is freed, whoever frees it. */
static void on_free(void *parent, void *pointer, CRYPTO_EX_DATA *data, int index,
    long argument, void *context)
{
	(void)parent;
	(void)data;
	(void)index;
	(void)argument;
	(void)context;
	if (pointer != NULL)
		leave(pointer);
}

static struct session *choose(const struct sessions *s)
{
	struct session *one;

	TAILQ_FOREACH (one, &s->all, entry)
		if (!SSL_is_init_finished(one->ssl))
			return one;
	return TAILQ_FIRST(&s->all);
}

/* Its SSL is freed when the loop turns; until then it would be chosen again, and nobody would
 * make room. One that is being freed already has no callbacks left, and does make room. */
static void end_one(struct sessions *s)
{
	struct session *one = choose(s);
	struct bufferevent *stream = one->stream;
	bufferevent_event_cb on_event = NULL;

	uncount(one);
	bufferevent_getcb(stream, NULL, NULL, &on_event, NULL);
	if (on_event != NULL)
		bufferevent_trigger_event(stream, BEV_EVENT_ERROR | BEV_EVENT_READING, 0);
}

enum err sessions_add(struct sessions *s, struct bufferevent *stream, SSL *ssl)
{
	struct session *one = calloc(1, sizeof *one);

	if (one == NULL)
		return ERR_MEMORY;
	*one = (struct session){.home = s, .stream = stream, .ssl = ssl};
	if (SSL_set_ex_data(ssl, s->index, one) != 1) {
		free(one);
		return ERR_MEMORY;
	}
	if (s->count >= SESSIONS_MAX)
		end_one(s);
	TAILQ_INSERT_TAIL(&s->all, one, entry);
	s->count++;
	if (s->count > s->most)
		s->most = s->count;
	return OK;
}

void sessions_care(struct sessions *s)
{
	if (s->most < SESSIONS_CROWD || s->count >= SESSIONS_CROWD)
		return;
	s->most = s->count;
#ifdef __GLIBC__ /* others give back by themselves */
	(void)malloc_trim(0);
#endif
}

enum err sessions_open(struct sessions **out)
{
	struct sessions *s = calloc(1, sizeof *s);

	if (s == NULL)
		return ERR_MEMORY;
	TAILQ_INIT(&s->all);
	s->index = SSL_get_ex_new_index(0, NULL, NULL, NULL, on_free);
	if (s->index < 0) {
		free(s);
		return ERR_MEMORY;
	}
	*out = s;
	return OK;
}

void sessions_close(struct sessions *s)
{
	struct session *one;

	if (s == NULL)
		return;
	while ((one = TAILQ_FIRST(&s->all)) != NULL)
		uncount(one);
	free(s);
}
