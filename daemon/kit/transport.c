#include "kit/transport.h"

#include <event2/event.h>
#include <stdlib.h>

#include "base/attr.h"

struct transport {
	CURLM *multi;
	struct event_base *base;
	struct event *timer;
};

/* What CURLOPT_PRIVATE points to while a transfer runs. */
struct running {
	transport_done done;
	void *context;
};

static struct running *running_of(CURL *easy)
{
	char *private = NULL;
	(void)curl_easy_getinfo(easy, CURLINFO_PRIVATE, &private);
	return (struct running *)(void *)private;
}

void transport_stop(struct transport *t, CURL *easy)
{
	struct running *r = running_of(easy);

	if (r == NULL)
		return;
	(void)curl_multi_remove_handle(t->multi, easy);
	(void)curl_easy_setopt(easy, CURLOPT_PRIVATE, NULL);
	free(r);
}

static void collect(struct transport *t)
{
	CURLMsg *message;
	int left;

	while ((message = curl_multi_info_read(t->multi, &left)) != NULL) {
		if (message->msg != CURLMSG_DONE)
			continue;
		CURL *easy = message->easy_handle;
		CURLcode code = message->data.result;
		struct running r = *running_of(easy);
		transport_stop(t, easy);
		r.done(r.context, easy, code);
	}
}

static void act(struct transport *t, curl_socket_t fd, int flags)
{
	int running;
	(void)curl_multi_socket_action(t->multi, fd, flags, &running);
	collect(t);
}

static void on_socket(evutil_socket_t fd, short what, void *arg)
{
	int flags = ((what & EV_READ) != 0 ? CURL_CSELECT_IN : 0) |
	    ((what & EV_WRITE) != 0 ? CURL_CSELECT_OUT : 0);
	act(arg, fd, flags);
}

static void on_timer(evutil_socket_t fd UNUSED, short what UNUSED, void *arg)
{
	act(arg, CURL_SOCKET_TIMEOUT, 0);
}

/* libcurl: watch `fd` for `what` from now on. `socketp` is the event of earlier calls. */
static int watch(CURL *easy UNUSED, curl_socket_t fd, int what, void *arg, void *socketp)
{
	struct transport *t = arg;
	struct event *event = socketp;

	if (event != NULL)
		event_free(event);
	event = NULL;
	if (what != CURL_POLL_REMOVE) {
		short flags =
		    (short)(EV_PERSIST | ((what & CURL_POLL_IN) != 0 ? EV_READ : 0) |
		        ((what & CURL_POLL_OUT) != 0 ? EV_WRITE : 0));
		event = event_new(t->base, fd, flags, on_socket, t);
		if (event == NULL || event_add(event, NULL) != 0)
			return -1;
	}
	(void)curl_multi_assign(t->multi, fd, event);
	return 0;
}

/* libcurl: call me after `timeout_ms`; never from within this very call. */
static int arm(CURLM *multi UNUSED, long timeout_ms, void *arg)
{
	struct transport *t = arg;

	if (timeout_ms < 0)
		return evtimer_del(t->timer);
	struct timeval tv = {timeout_ms / 1000, timeout_ms % 1000 * 1000};
	return evtimer_add(t->timer, &tv);
}

enum err transport_new(struct transport **out, struct event_base *base)
{
	struct transport *t = calloc(1, sizeof *t);

	if (t == NULL)
		return ERR_MEMORY;
	t->base = base;
	t->timer = evtimer_new(base, on_timer, t);
	t->multi = curl_multi_init();
	if (t->timer == NULL || t->multi == NULL) {
		transport_free(t);
		return ERR_MEMORY;
	}
	(void)curl_multi_setopt(t->multi, CURLMOPT_SOCKETFUNCTION, watch);
	(void)curl_multi_setopt(t->multi, CURLMOPT_SOCKETDATA, t);
	(void)curl_multi_setopt(t->multi, CURLMOPT_TIMERFUNCTION, arm);
	(void)curl_multi_setopt(t->multi, CURLMOPT_TIMERDATA, t);
	*out = t;
	return OK;
}

void transport_free(struct transport *t)
{
	if (t == NULL)
		return;
	if (t->multi != NULL)
		(void)curl_multi_cleanup(t->multi);
	if (t->timer != NULL)
		event_free(t->timer);
	free(t);
}

enum err transport_start(
    struct transport *t, CURL *easy, transport_done done, void *context)
{
	struct running *r = malloc(sizeof *r);

	if (r == NULL)
		return ERR_MEMORY;
	*r = (struct running){done, context};
	(void)curl_easy_setopt(easy, CURLOPT_PRIVATE, r);
	if (curl_multi_add_handle(t->multi, easy) == CURLM_OK)
		return OK;
	(void)curl_easy_setopt(easy, CURLOPT_PRIVATE, NULL);
	free(r);
	return ERR_MEMORY;
}
