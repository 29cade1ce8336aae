/* tally -- today's counting: attempts and distinct devices, never who asked what.
 *
 *   run_path (memory only, mode 0600)      state_path (disk)
 *   +-----------------------------+        +--------------------------+
 *   | device key, counters        |  save  | struct tally_totals:     |
 *   | base: totals of lost        | -----> | plain counts, no tag,    |
 *   |   segments of this day      |        | no key                   |
 *   | rows: (device tag, tier,    |        +--------------------------+
 *   |   category) -> attempts<=20 |
 *   +-----------------------------+        heap only, never written:
 *     no name, no time                     (device, domain) of ten minutes,
 *                                          (device, listed name) of today
 *
 * The run file is mapped: every count is in it the moment it was made, so kill -9 loses
 * nothing and no device counts twice. Each update is one aligned store, or a store that
 * publishes what was written before it. Counts of cells are found by scanning the rows,
 * so no total can disagree with its parts.
 *
 * A device is HMAC-SHA-256 of its address under a key of one local day, cut to 64 bits.
 * When key and rows are lost (a reboot), the saved totals become the base and a new
 * *segment* starts: attempts add up, devices are the largest segment, never the sum.
 *
 * Threads: one owner (the filter's main thread). */
#ifndef TALLY_TALLY_H
#define TALLY_TALLY_H

#include "base/hash.h"
#include "base/moment.h"
#include "tally/totals.h"

struct tally;

enum {
	TALLY_KEY_BYTES = 32,
	TALLY_CAP_MAX = 31,
	TALLY_COLLAPSE_MS = 10 * 60 * 1000
};

/* Ceilings; what does not fit is lost, counted, and makes the day partial. */
struct tally_limits {
	uint32_t
	    rows; /* (device, tier, category) of a day; 12 bytes each; a power of two */
	uint32_t
	    collapse;   /* (device, domain) of ten minutes; 16 bytes each; a power of two */
	uint32_t names; /* listed names of a day */
	uint32_t
	    name_pairs; /* (device, listed name) of a day; 8 bytes each; a power of two */
	uint8_t cap; /* attempts of one device in one tier and category; <= TALLY_CAP_MAX */
	uint32_t min_devices; /* a name is written to disk from so many devices on */
};

#define TALLY_LIMITS_DEFAULT                  \
	((struct tally_limits){.rows = 32768, \
	    .collapse = 16384,                \
	    .names = 1024,                    \
	    .name_pairs = 16384,              \
	    .cap = 20,                        \
	    .min_devices = 10})

struct tally_setup {
	const char
	    *run_path; /* NULL when run_dir is not memory: then rows live in the heap */
	const char *state_path;     /* state_dir/tally/today; ".prev" is kept beside it */
	struct tally_period period; /* of today; day 0 while the clock is not trusted */
	uint8_t device_key[TALLY_KEY_BYTES]; /* random; used only if a segment starts */
	struct hash_key process_key; /* random; for tables that never leave the heap */
	struct tally_limits limits;
};

enum tally_device_kind {
	TALLY_DEVICE_MAC = 1,
	TALLY_DEVICE_IPV4 = 2,
	TALLY_DEVICE_IPV6 = 3 /* the /64 */
};

/* A device as the counting sees it for the length of one call. A machine without a known
 * MAC may show both an IPv4 address and a /64: of these two kinds the larger count is
 * taken, never the sum. */
struct tally_device {
	enum tally_device_kind kind;
	uint8_t len;
	uint8_t bytes[8];
};

struct tally_device tally_device_mac(const uint8_t mac[6]);
struct tally_device tally_device_ipv4(const uint8_t address[4]);
/* Only the first eight octets are used. */
struct tally_device tally_device_ipv6(const uint8_t address[16]);

/* Opens the day of setup->period: goes on with the run file when it is of that day, else
 * starts a segment on top of the saved totals of that day, if there are any. Files of
 * other days are replaced: take them with tally_open_left() first. A torn or altered file
 * costs what it held, is counted and makes the day partial; it never fails the call.
 * ERR_MEMORY, ERR_RANGE (limits). When the run file cannot be made, counting goes on in
 * the heap and tally_is_durable() says so. Owned by the caller; tally_close(). */
MUST_CHECK enum err tally_open(
    struct tally **out, const struct tally_setup *setup, struct diag *why);
/* Opens the day that was left behind by an earlier run when it differs from
 * setup->period.day (and is not 0): for closing it. ERR_NOT_FOUND when there is none. */
MUST_CHECK enum err tally_open_left(
    struct tally **out, const struct tally_setup *setup, struct diag *why);
/* Leaves the files for the next start. NULL is allowed. */
void tally_close(struct tally *t);
/* The day is over and its numbers are kept elsewhere: key and tags are overwritten, the
 * run and state files of this day removed, and `t` freed. A crash before its end leaves a
 * day that tally_open_left() finds again: closing a day must bear being done twice. */
void tally_end(struct tally *t);

/* The clock became trusted: a tally of day 0 becomes that of `period`; totals saved for
 * that day become its base. ERR_EXISTS when the day is known already. */
MUST_CHECK enum err tally_begin_day(struct tally *t, const struct tally_period *period);
struct tally_period tally_day(const struct tally *t);
/* Rows are in a run file that outlives kill -9. */
bool tally_is_durable(const struct tally *t);

/* The index of a tier or category by its configured word, made when it is new; `flags` of
 * enum tally_label_flag are added. -1 when the table is full or the word is no label
 * ([a-z0-9_-], below TALLY_LABEL_BYTES): then what belongs there is not counted here; the
 * caller says so with tally_lost(). Ask again after a reload: indices hold for this `t`. */
int tally_tier(struct tally *t, const char *text, unsigned flags);
int tally_category(struct tally *t, const char *text, unsigned flags);

enum tally_claim {
	TALLY_CLAIMED,   /* the configuration gives this device its tier */
	TALLY_BY_DEFAULT /* nobody claims it */
};

/* The device was seen today in this tier. Repeats cost a look-up and change nothing. */
void tally_device_seen(
    struct tally *t, const struct tally_device *device, int tier, enum tally_claim claim);

/* Was it seen today, in whatever tier? Of this segment alone: a reboot forgets. */
bool tally_has_seen(const struct tally *t, const struct tally_device *device);

struct tally_attempt {
	struct tally_device device;
	int tier;
	int category;
	struct slice
	    domain; /* registrable domain of the qname, lower case; hashed at once */
	struct slice
	    name; /* registrable domain of the listed name of a public feed, as text; or empty */
	struct moment now;
};

enum tally_outcome {
	TALLY_COUNTED,
	TALLY_REPEATED, /* within ten minutes of the same device and domain */
	TALLY_CAPPED,   /* this device counts no more in this tier and category today */
	TALLY_DROPPED   /* a limit took it (counted as lost), or the labels are unknown */
};

/* Counts a blocked attempt. The name goes to the top names, unless tier or category
 * forbid it (not pupils, sensitive, silent). */
enum tally_outcome tally_attempt(struct tally *t, const struct tally_attempt *attempt);

void tally_add_queries(struct tally *t, uint64_t n);
void tally_add_uptime_s(struct tally *t, uint64_t seconds);
void tally_add_unfiltered_s(struct tally *t, uint64_t seconds);
/* `n` events never arrived (a full ring): the day is partial. */
void tally_lost(struct tally *t, uint64_t n);
void tally_fail(struct tally *t, const char *type, int64_t at_s);

/* Everything of the day so far, base and live segment merged. */
void tally_totals(const struct tally *t, struct tally_totals *out);

/* Attempts and distinct devices over all selected cells. Exact within the live segment;
 * of lost segments a lower bound for the devices, so a floor errs towards silence. */
struct tally_cell tally_count(const struct tally *t, const struct tally_selection *which);
/* Distinct devices seen in any of the tiers (bit i is tier i); a lower bound likewise. */
uint32_t tally_population(const struct tally *t, uint32_t tiers);

enum tally_save_kind {
	TALLY_SAVE_RUNNING, /* counting goes on: if nothing else is left, something was lost */
	TALLY_SAVE_LAST     /* an orderly end: the file holds everything */
};

/* Writes the totals to state_path, keeping the file before as ".prev". What a power cut
 * takes is at most the counts since the last save; totals of a RUNNING save are marked
 * partial in the file. ERR_AGAIN while the day is not known, ERR_IO, ERR_MEMORY. */
MUST_CHECK enum err tally_save(struct tally *t, enum tally_save_kind kind);

#endif
