/* shares -- how much of a pool each client holds, in a table of fixed size.
 *
 * A client's hash names one counter in each of two rows, and he holds at most the smaller of
 * the two ("count-min"). Nobody is thought to hold less than he does; more only who shares
 * both his counters with others who hold much. There are so many more counters than anybody
 * can fill that this is one client in thousands. No entry is looked for, made or forgotten.
 * Threads: any; the counters are atomic, and approximate while two threads race. */
#ifndef FILTER_SHARES_H
#define FILTER_SHARES_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum {
	SHARE_SLOTS = 4096 /* of a row; a power of two */
};

/* Where a client's counters lie. */
struct share {
	uint16_t at[2];
};

struct shares {
	atomic_uint_least16_t rows[2][SHARE_SLOTS];
};

/* `client`: a keyed hash of who asks. */
static inline struct share share_of(uint64_t client)
{
	return (struct share){
	    {(uint16_t)(client % SHARE_SLOTS), (uint16_t)((client >> 32) % SHARE_SLOTS)}};
}

/* What the client holds, at most. */
static inline unsigned shares_held(const struct shares *s, struct share share)
{
	unsigned a = atomic_load_explicit(&s->rows[0][share.at[0]], memory_order_relaxed);
	unsigned b = atomic_load_explicit(&s->rows[1][share.at[1]], memory_order_relaxed);

	return a < b ? a : b;
}

/* Gives back what shares_take() took. */
static inline void shares_give(struct shares *s, struct share share)
{
	(void)atomic_fetch_sub_explicit(&s->rows[0][share.at[0]], 1, memory_order_relaxed);
	(void)atomic_fetch_sub_explicit(&s->rows[1][share.at[1]], 1, memory_order_relaxed);
}

/* One place more for the client; false when he would hold more than `max`. */
static inline bool shares_take(struct shares *s, struct share share, unsigned max)
{
	unsigned a =
	    atomic_fetch_add_explicit(&s->rows[0][share.at[0]], 1, memory_order_relaxed);
	unsigned b =
	    atomic_fetch_add_explicit(&s->rows[1][share.at[1]], 1, memory_order_relaxed);

	if (a < max || b < max)
		return true;
	shares_give(s, share);
	return false;
}

#endif
