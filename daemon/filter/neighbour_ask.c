#include "filter/neighbour_ask.h"

#include <sys/socket.h>
#include <unistd.h>

#include "filter/neighbour_wire.h"

enum {
	ANSWERS_MAX = 4 /* read for one question: late ones of others may lie there */
};

void neighbour_ask_open(struct neighbour_ask *ask)
{
	*ask = (struct neighbour_ask){.fd = neighbour_socket(0)};
}

void neighbour_ask_close(struct neighbour_ask *ask)
{
	if (ask->fd >= 0)
		(void)close(ask->fd);
	ask->fd = -1;
}

static bool may_ask(struct neighbour_ask *ask, uint64_t now_ms)
{
	if (ask->fd < 0)
		return false;
	if (now_ms / 1000 != ask->second) {
		ask->second = now_ms / 1000;
		ask->asked = 0;
	}
	return ask->asked++ < NEIGHBOUR_ASKS_PER_SECOND;
}

/* The MAC in the answer to this question, if it has come. */
static bool read_answer(
    const struct neighbour_ask *ask, const struct addr *address, struct mac *out)
{
	_Alignas(8) uint8_t bytes[1024];
	struct neighbour_message m;

	for (unsigned i = 0; i < ANSWERS_MAX; i++) {
		int n = neighbour_receive(ask->fd, bytes, sizeof bytes);
		if (n <= 0)
			return false;
		struct slice rest = {bytes, (size_t)n};
		while (neighbour_next(&rest, &m)) {
			if (m.sequence != ask->sequence)
				continue;
			if (m.said != NEIGHBOUR_LINE)
				return false;
			*out = m.line.mac;
			return mac_is_known(m.line.mac) &&
			    slice_equal(addr_slice(&m.line.address), addr_slice(address));
		}
	}
	return false;
}

bool neighbour_ask(struct neighbour_ask *ask, uint32_t link, const struct addr *address,
    uint64_t now_ms, struct mac *out)
{
	_Alignas(8) uint8_t question[NEIGHBOUR_REQUEST_BYTES];
	struct mac mac;

	if (!may_ask(ask, now_ms))
		return false;
	if (++ask->sequence == 0) /* that is what was not asked for */
		ask->sequence = 1;
	size_t len = neighbour_ask_one(question, ask->sequence, link, address);
	if (send(ask->fd, question, len, MSG_DONTWAIT | MSG_NOSIGNAL) != (ssize_t)len)
		return false;
	if (!read_answer(ask, address, &mac))
		return false;
	*out = mac;
	return true;
}
