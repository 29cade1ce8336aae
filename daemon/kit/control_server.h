/* control_server -- the listening end of a control socket (JSON in frames, frame.h).
 *
 * The socket is made with mode 0660 (0600 for ourselves alone). The kernel says who connects
 * (SO_PEERCRED): root, our own user, and members of the socket's group are served; others are
 * told so and closed. lachan-page is our own user, too, but talks to strangers: it may do what
 * `page` says and no more, whoever has taken it over (it can change neither its name nor its
 * process: syscall_lists.c).
 * At most CONTROL_CLIENTS_MAX at a time; a client that is silent for CONTROL_IDLE_S
 * seconds, or does not read what it asked for until CONTROL_OUTPUT_BYTES wait, is closed.
 * Threads: everything on the thread of the event base. */
#ifndef KIT_CONTROL_SERVER_H
#define KIT_CONTROL_SERVER_H

#include <stddef.h>
#include <sys/types.h>

#include "base/bytes.h"
#include "base/diag.h"
#include "base/err.h"

struct event_base;

enum {
	CONTROL_CLIENTS_MAX = 32,
	CONTROL_IDLE_S = 60,
	CONTROL_REQUEST_BYTES = 64 << 10,
	CONTROL_OUTPUT_BYTES = 4 << 20
};

struct control_server;
struct control_peer; /* one connected client; lives until on_closed returns */

/* What lachan-page may do on a socket of ours. */
enum control_page {
	CONTROL_PAGE_NOTHING,
	CONTROL_PAGE_AS_GUEST, /* control_peer_is_guest */
	CONTROL_PAGE_AS_WE
};

struct control_handlers {
	/* One request, borrowed for the call. Answer now or later with control_reply(). */
	void (*on_request)(void *context, struct control_peer *peer, struct slice request);
	/* The peer goes: forget it. May be NULL. */
	void (*on_closed)(void *context, struct control_peer *peer);
	void *context;
	/* The socket's group in place of our own: its members may connect, and are guests
	 * (control_peer_is_guest) unless they could ask without it. 0: our own, no guests. */
	gid_t guests;
	/* Root and our own user, no group; mode 0600. */
	bool ourselves_alone;
	enum control_page page;
};

/* Makes the socket at `path`; what an earlier process left there is replaced. ERR_IO,
 * ERR_EXISTS (somebody answers there), ERR_RANGE (path too long), with *why. */
MUST_CHECK enum err control_server_open(struct control_server **out,
    struct event_base *base, const char *path, const struct control_handlers *handlers,
    struct diag *why);
/* Closes all peers (on_closed is called) and removes the socket. NULL is allowed. */
void control_server_close(struct control_server *server);

/* Queues one frame. False when the peer was closed instead because it does not read; then
 * on_closed has been or will be called, and `peer` must not be used again. */
bool control_reply(struct control_peer *peer, struct slice payload);
/* {"ok":false,"error":"sentence"}; the sentence is escaped for JSON. */
bool control_reply_error(struct control_peer *peer, const char *sentence);
/* From now on silence is no reason to close it (watch). */
void control_peer_keep(struct control_peer *peer);
/* Closes it once everything queued was sent. */
void control_peer_finish(struct control_peer *peer);
uid_t control_peer_uid(const struct control_peer *peer);
/* Here by the guests' group alone, or lachan-page: what it may ask is the program's to say. */
bool control_peer_is_guest(const struct control_peer *peer);
/* A pointer of the program's own; NULL at first. */
void control_peer_set_data(struct control_peer *peer, void *data);
void *control_peer_data(const struct control_peer *peer);

#endif
