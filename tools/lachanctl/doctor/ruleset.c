#include "lachanctl/doctor/ruleset.h"

#include <jansson.h>

enum {
	DNS_PORT = 53,
	DEPTH_MAX = 8 /* of sets of ranges of numbers */
};

/* 53, "domain", {"range":[50,60]}, {"set":[…]}, {"prefix":…} is none. */
static bool has_port(const json_t *value, unsigned depth)
{
	const json_t *one, *range = json_object_get(value, "range");
	const json_t *set = json_object_get(value, "set");
	size_t i;

	if (depth == DEPTH_MAX)
		return false;
	if (json_is_integer(value))
		return json_integer_value(value) == DNS_PORT;
	if (json_array_size(range) == 2)
		return json_integer_value(json_array_get(range, 0)) <= DNS_PORT &&
		    json_integer_value(json_array_get(range, 1)) >= DNS_PORT;
	json_array_foreach(json_is_array(value) ? value : set, i, one)
	{
		if (has_port(one, depth + 1))
			return true;
	}
	return set != NULL && !json_is_array(set) && has_port(set, depth + 1);
}

static bool matches_dns(const json_t *statement)
{
	const json_t *match = json_object_get(statement, "match");
	const char *op = json_string_value(json_object_get(match, "op"));
	const char *field = json_string_value(json_object_get(
	    json_object_get(json_object_get(match, "left"), "payload"), "field"));

	return op != NULL && field != NULL &&
	    (strcmp(op, "==") == 0 || strcmp(op, "in") == 0) &&
	    strcmp(field, "dport") == 0 && has_port(json_object_get(match, "right"), 0);
}

static bool holds(const json_t *statement)
{
	static const char *const DEEDS[] = {"redirect", "dnat", "reject", "drop", "tproxy"};

	for (size_t i = 0; i < sizeof DEEDS / sizeof DEEDS[0]; i++)
		if (json_object_get(statement, DEEDS[i]) != NULL)
			return true;
	return false;
}

static bool rule_holds_dns(const json_t *rule)
{
	const json_t *statement;
	bool dns = false, held = false;
	size_t i;

	json_array_foreach(json_object_get(rule, "expr"), i, statement)
	{
		dns = dns || matches_dns(statement);
		held = held || holds(statement);
	}
	return dns && held;
}

bool ruleset_holds_dns(struct slice json)
{
	json_t *root = json_loadb((const char *)json.ptr, json.len, 0, NULL);
	const json_t *one;
	bool found = false;
	size_t i;

	json_array_foreach(json_object_get(root, "nftables"), i, one)
	{
		if (rule_holds_dns(json_object_get(one, "rule")))
			found = true;
	}
	json_decref(root);
	return found;
}
