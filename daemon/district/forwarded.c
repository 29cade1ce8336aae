#include "district/forwarded.h"

enum {
	HOPS_MAX = 16
};

struct hops {
	struct slice
	    items[HOPS_MAX]; /* from the left; the last ones, where there are more */
	size_t count;
};

static void add_hop(struct hops *hops, struct slice hop)
{
	if (hops->count == HOPS_MAX) {
		memmove(hops->items, hops->items + 1,
		    sizeof hops->items - sizeof hops->items[0]);
		hops->count--;
	}
	hops->items[hops->count++] = hop;
}

static void add_list(struct hops *hops, struct slice list)
{
	while (list.ptr != NULL && list.len > 0)
		add_hop(hops, slice_trim(slice_cut(&list, ',')));
}

/* Of several the last: the nearest proxy wrote it. */
static struct slice last_of(struct slice list)
{
	struct slice last = SLICE_EMPTY;

	while (list.len > 0)
		last = slice_trim(slice_cut(&list, ','));
	return last;
}

void forwarded_read(struct forwarded *out, struct slice header_lines,
    forwarded_is_ours *is_ours, const void *context)
{
	struct hops hops = {.count = 0};
	struct slice protocol = SLICE_EMPTY;

	while (header_lines.len > 0) {
		struct slice value = slice_cut(&header_lines, '\n');
		struct slice name = slice_cut(&value, ':');
		value = slice_trim(value);
		if (slice_equal_nocase(name, SLICE_LIT("x-forwarded-for"))) {
			add_list(&hops, value);
			out->there = true;
		} else if (slice_equal_nocase(name, SLICE_LIT("forwarded"))) {
			out->there = true;
		} else if (slice_equal_nocase(name, SLICE_LIT("x-forwarded-proto"))) {
			protocol = last_of(value);
			out->there = true;
		}
	}
	if (!is_ours(context, &out->peer))
		return;
	out->tls = slice_equal_nocase(protocol, SLICE_LIT("https"));
	while (hops.count > 0 && is_ours(context, &out->peer)) {
		struct addr next;
		if (addr_from_text(&next, hops.items[--hops.count], NULL) != OK)
			return;
		next.port = 0;
		out->peer = next;
	}
}
