#include "district/routes.h"

#include <string.h>

static const struct route *const TABLES[] = {
    ROUTES_API, ROUTES_WEB, ROUTES_REPORTS, ROUTES_ADMIN, ROUTES_BUNDLES};

/* How many octets of `path` the row names; 0: it does not fit. A row that ends in a star
 * weighs less than one that names the whole. */
static size_t weight_of(const struct route *row, struct slice path)
{
	struct slice own = slice_of(row->path);

	if (own.ptr[own.len - 1] != '*')
		return slice_equal(own, path) ? own.len + 1 : 0;
	own.len--;
	return slice_starts(path, own) ? own.len : 0;
}

enum route_found routes_find(
    const struct route **out, enum call_method method, struct slice path)
{
	size_t best = 0;
	bool other_method = false;

	for (size_t t = 0; t < sizeof TABLES / sizeof TABLES[0]; t++) {
		for (const struct route *row = TABLES[t]; row->path != NULL; row++) {
			size_t weight = weight_of(row, path);
			if (weight > 0 && row->method != method)
				other_method = true;
			if (weight <= best || row->method != method)
				continue;
			best = weight;
			*out = row;
		}
	}
	if (best > 0)
		return ROUTE_FOUND;
	return other_method ? ROUTE_OTHER_METHOD : ROUTE_NOT_FOUND;
}
