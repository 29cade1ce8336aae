#include "kit/limit.h"

enum {
	NETWORK_BYTES = 8 /* of an IPv6 address */
};

void limit_init(struct limit *limit, unsigned all_max, unsigned client_max)
{
	limit->all_max = all_max;
	limit->client_max = client_max;
	limit_begin(limit);
}

void limit_begin(struct limit *limit)
{
	limit->all = 0;
	limit->others = 0;
	limit->count = 0;
}

static struct addr network_of(const struct addr *client)
{
	struct addr network = *client;

	network.port = 0;
	if (network.family == AF_INET6)
		memset(
		    network.bytes + NETWORK_BYTES, 0, sizeof network.bytes - NETWORK_BYTES);
	return network;
}

static unsigned *find_count(struct limit *limit, const struct addr *client)
{
	struct addr network = network_of(client);

	for (size_t i = 0; i < limit->count; i++)
		if (addr_equal(&limit->clients[i].client, &network))
			return &limit->clients[i].taken;
	if (limit->count == LIMIT_CLIENTS_MAX)
		return &limit->others;
	limit->clients[limit->count].client = network;
	limit->clients[limit->count].taken = 0;
	return &limit->clients[limit->count++].taken;
}

bool limit_take(struct limit *limit, const struct addr *client)
{
	if (limit->all >= limit->all_max)
		return false;
	unsigned *taken = find_count(limit, client);
	if (*taken >= limit->client_max)
		return false;
	(*taken)++;
	limit->all++;
	return true;
}
