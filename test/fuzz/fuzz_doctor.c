/* What doctor reads of strangers: frames from the LAN, and the firewall's rules. The first octet
 * chooses; an accepted frame names only whole addresses and a whole search domain. */
#include <stdlib.h>

#include "lachanctl/doctor/packet.h"
#include "lachanctl/doctor/ruleset.h"

#define HOLDS(condition)          \
	do {                      \
		if (!(condition)) \
			abort();  \
	} while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_frame(struct slice frame)
{
	struct packet p, again;
	char text[ADDR_TEXT_MAX], search[NAME_TEXT_MAX];

	if (!packet_read(&p, frame))
		return;
	HOLDS(p.server_count <= PACKET_SERVERS_MAX);
	for (size_t i = 0; i < p.server_count; i++) {
		HOLDS(p.servers[i].family == AF_INET || p.servers[i].family == AF_INET6);
		HOLDS(!addr_is_unspecified(&p.servers[i]));
		addr_to_text(text, &p.servers[i]);
		for (size_t k = 0; k < i; k++)
			HOLDS(!addr_equal(&p.servers[i], &p.servers[k]));
	}
	HOLDS(p.from.family != 0);
	HOLDS(p.kind == PACKET_ROUTER || (p.search.len == 0 && !p.gives_ipv6));
	HOLDS(p.kind != PACKET_ARP || p.server_count == 0);
	if (p.search.len > 0) {
		struct name_buf read;
		name_to_text(search, name_of(&p.search));
		HOLDS(name_from_text(&read, slice_of(search), NULL) == OK);
		HOLDS(name_equal(name_of(&read), name_of(&p.search)));
	}
	/* What stands behind a whole packet (padding) changes nothing. */
	uint8_t *padded = malloc(frame.len + 8);
	HOLDS(padded != NULL);
	memcpy(padded, frame.ptr, frame.len);
	memset(padded + frame.len, 0xff, 8);
	HOLDS(packet_read(&again, (struct slice){padded, frame.len + 8}));
	HOLDS(again.kind == p.kind && again.server_count == p.server_count);
	free(padded);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;
	const struct slice rest = {data + 1, size - 1};
	if (data[0] % 2 == 0)
		check_frame(rest);
	else
		(void)ruleset_holds_dns(rest);
	return 0;
}
