/* seen -- the names of a file of queries, each once, with how often it was asked. */
#ifndef LACHAN_RULES_SEEN_H
#define LACHAN_RULES_SEEN_H

#include "base/buf.h"
#include "dns/name.h"

enum {
	SEEN_NAMES_MAX = 5000000
};

struct seen_name {
	uint32_t at; /* of its wire form in `names` */
	uint32_t len;
	uint64_t count;
};

struct seen {
	struct seen_name *items;
	size_t count, capacity;
	struct buf names;
	uint32_t *table; /* index + 1; 0 empty; open addressing */
	size_t table_size;
	uint64_t queries;
	uint64_t lines;      /* with anything on them */
	uint64_t skipped;    /* that say nothing this program reads */
	uint64_t first_skip; /* the first of these, from 1; 0: none */
};

/* Zero-initialise with SEEN_NONE; seen_deinit() ends it. */
#define SEEN_NONE ((struct seen){.names = BUF_INIT((size_t)1 << 30)})
void seen_deinit(struct seen *s);

/* Reads one line of a file:
 *
 *   NAME   COUNT NAME   NAME COUNT            a name; `uniq -c`
 *   … query[A] NAME from ADDRESS              dnsmasq, Pi-hole
 *   … info: ADDRESS NAME. TYPE CLASS          unbound
 *
 * Other lines of those two programs (forwarded, reply, cached …) are no queries and are passed
 * over; what is nothing of all that is skipped and counted. ERR_MEMORY, ERR_FULL. */
MUST_CHECK enum err seen_read_line(struct seen *s, struct slice line, uint64_t number);

static inline struct dname seen_name_at(const struct seen *s, size_t i)
{
	return (struct dname){s->names.ptr + s->items[i].at, s->items[i].len};
}

#endif
