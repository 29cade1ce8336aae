/* leases_file -- which devices are staff's for a while (policy/leases.h), in memory and, where
 * run_dir is memory too, in run_dir/leases, so that a restart of the filter keeps them.
 *
 * The file ties a device to somebody of the staff, so it is 0600 and never on a disk. Every
 * change writes it whole. One that cannot be written is removed: a restart may cost a lease, it
 * must never bring one back that has ended. A file that is torn or otherwise not ours counts
 * for nothing.
 *
 *	"LACHLEAS"  u32 version  u32 count
 *	count times: u64 mac  u8 family(4|6)  16 octets  u32 scope  u64 made  u64 until
 *	             u64 until on the monotonic clock, in ms
 *	u64 checksum64() of all before; integers are little-endian
 *
 * Times are arguments. Threads: main alone. */
#ifndef FILTER_LEASES_FILE_H
#define FILTER_LEASES_FILE_H

#include "base/err.h"
#include "base/moment.h"
#include "policy/leases.h"

struct leases_file;

/* Reads `path` (copied; NULL: in memory alone). What cannot be read is told by
 * leases_file_damaged() and counts for nothing. ERR_MEMORY, ERR_RANGE (the path). */
MUST_CHECK enum err leases_file_open(
    struct leases_file **out, const char *path, struct moment now);
void leases_file_close(struct leases_file *f); /* NULL is fine; the file stays */
bool leases_file_damaged(const struct leases_file *f);
/* Whether a restart keeps them. */
bool leases_file_is_kept(const struct leases_file *f);

/* Borrowed until the next change. */
const struct lease *leases_file_items(const struct leases_file *f, size_t *count);

/* Adds a copy of *lease, whose until_mono_ms is set here; what there was of this device ends.
 * ERR_FULL: there are LEASES_MAX. */
MUST_CHECK enum err leases_file_add(
    struct leases_file *f, const struct lease *lease, struct moment now);
/* Ends all leases of this device. False: it had none. */
bool leases_file_end(struct leases_file *f, const struct addr *client, struct mac mac);
/* Drops what has ended; true when something was. A clock that is not trusted ends nothing by
 * the calendar. */
bool leases_file_expire(struct leases_file *f, struct moment now);
/* mono_ms at which the next one ends; UINT64_MAX: there is none. */
uint64_t leases_file_next_end_ms(const struct leases_file *f, struct moment now);

#endif
