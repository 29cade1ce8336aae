/* control_client -- asks a control socket and waits for the answer; for command-line
 * programs. Threads: a client belongs to one. */
#ifndef KIT_CONTROL_CLIENT_H
#define KIT_CONTROL_CLIENT_H

#include "base/buf.h"
#include "base/diag.h"
#include "base/err.h"
#include "control/frame.h"

struct control_client {
	int fd; /* -1: not connected */
	unsigned timeout_ms;
	struct frame_decoder decoder;
	uint8_t input[4096];
	struct slice rest; /* of `input`, not decoded yet */
};

/* ERR_NOT_FOUND (no such socket: not running), ERR_DENIED, ERR_TIMEOUT, ERR_IO; *why says
 * it in the person's language. `timeout_ms` bounds each later wait; 0 waits for ever. */
MUST_CHECK enum err control_client_open(
    struct control_client *c, const char *path, unsigned timeout_ms, struct diag *why);
/* Does nothing when it was never opened (fd -1) or is closed. */
void control_client_close(struct control_client *c);

/* Sends one request. ERR_IO, ERR_CLOSED, ERR_TIMEOUT, ERR_RANGE. */
MUST_CHECK enum err control_client_send(
    struct control_client *c, struct slice request, struct diag *why);
/* The next frame, borrowed until the next call. ERR_CLOSED at the end of the stream,
 * ERR_TIMEOUT, ERR_RANGE, ERR_IO. */
MUST_CHECK enum err control_client_receive(
    struct control_client *c, struct slice *payload, struct diag *why);
/* Both: one request, one answer. */
MUST_CHECK enum err control_client_ask(
    struct control_client *c, struct slice request, struct slice *answer, struct diag *why);

#endif
