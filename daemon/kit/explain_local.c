#include "kit/explain_local.h"

static const char *origin_word(enum local_origin origin)
{
	static const char *const words[] = {
	    [LOCAL_OF_SCHOOL] = "school",
	    [LOCAL_OF_SPECIAL] = "special",
	    [LOCAL_OF_REVERSE] = "reverse",
	};

	return words[origin];
}

static const char *answer_word(const struct local_found *found)
{
	static const char *const words[] = {
	    [LOCAL_RECORDS] = "records",
	    [LOCAL_ALIAS] = "alias",
	    [LOCAL_NODATA] = "nodata",
	    [LOCAL_NXDOMAIN] = "nxdomain",
	};

	if (found->kind == LOCAL_ELSEWHERE)
		return found->zone->route != 0 ? "servers" : "upstream";
	return words[found->kind];
}

static json_t *servers_of(const struct explain_local *what, const struct local_zone *zone)
{
	json_t *servers = json_array();

	if (zone->origin != LOCAL_OF_SCHOOL)
		return servers;
	const struct config_upstream_servers *all =
	    &what->zones->items[zone->index].servers;
	for (size_t i = 0; servers != NULL && i < all->count; i++) {
		char address[ADDR_TEXT_MAX];
		addr_to_text_port(address, &all->items[i].addr);
		if (json_array_append_new(servers, json_string(address)) != 0) {
			json_decref(servers);
			return NULL;
		}
	}
	return servers;
}

enum err explain_local_add(json_t *made, const struct explain_local *what)
{
	struct local_found found;
	char zone[NAME_TEXT_MAX];

	local_find(&found, what->local, what->name, what->hashes, what->qtype);
	if (found.zone == NULL)
		return json_object_set_new(made, "local", json_null()) == 0 ? OK
		                                                            : ERR_MEMORY;
	name_to_text(zone, found.zone->apex);
	json_t *servers = servers_of(what, found.zone);
	if (servers == NULL)
		return ERR_MEMORY;
	json_t *local = json_pack("{s:s, s:s, s:s, s:b, s:b, s:b, s:o}", "zone", zone, "of",
	    origin_word(found.zone->origin), "answer", answer_word(&found), "wildcard",
	    found.is_wildcard, "synthesised", found.is_synthesised, "private",
	    found.zone->is_private, "servers", servers);
	return local != NULL && json_object_set_new(made, "local", local) == 0 ? OK
	                                                                       : ERR_MEMORY;
}
