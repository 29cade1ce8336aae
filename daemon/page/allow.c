#include "page/allow.h"

#include "net/interfaces.h"

void allow_read_local(struct allow_local *out)
{
	struct interfaces all = INTERFACES_NONE;

	if (interfaces_read(&all) == OK) {
		out->count =
		    interfaces_local_prefixes(&all, out->prefixes, ALLOW_LOCAL_MAX);
	}
	interfaces_deinit(&all);
}

static bool in_local(const struct allow_local *local, const struct addr *client)
{
	for (size_t i = 0; i < local->count; i++) {
		if (prefix_contains(&local->prefixes[i], client))
			return true;
	}
	return false;
}

static bool in_range(const struct config_client *range, const struct addr *client)
{
	return client->family == range->first.family &&
	    memcmp(client->bytes, range->first.bytes, sizeof client->bytes) >= 0 &&
	    memcmp(client->bytes, range->last.bytes, sizeof client->bytes) <= 0;
}

static bool in_prefix(const struct config_client *client, const struct addr *addr)
{
	struct prefix prefix = prefix_of(&client->first, (uint8_t)client->length);

	return prefix_contains(&prefix, addr);
}

bool allow_has(const struct config_clients *allow, const struct allow_local *local,
    const struct addr *client)
{
	for (size_t i = 0; i < allow->count; i++) {
		const struct config_client *item = &allow->items[i];
		if (item->kind == CLIENT_LOCAL       ? in_local(local, client)
		        : item->kind == CLIENT_RANGE ? in_range(item, client)
		                                     : in_prefix(item, client))
			return true;
	}
	return false;
}
