/* rules_file -- finding usable rules on disk and taking a copy of them into memory.
 *
 * A verified copy, not the file itself, serves the workers: neither a failing flash nor a
 * file cut short can reach them. Order: state_dir/rules.db, rules.db.prev, and where
 * without_rules says so data_dir/packaged.db. Threads: main alone. */
#ifndef FILTER_RULES_FILE_H
#define FILTER_RULES_FILE_H

#include "base/err.h"
#include "filter/snapshot.h"

/* Identifies the state folder's rules.db as it lies there now (inode, size, times); 0 when
 * there is none. */
uint64_t rules_file_id(const struct config *config);

/* Fills *out, whose db is then the caller's (ruledb_close). Always succeeds: with nothing
 * usable db is NULL and origin RULES_NONE. What was wrong with each file goes to the log. */
void rules_file_load(struct rules_part *out, const struct config *config, int64_t wall_s);

/* Only state_dir/rules.db, for a running filter: false when that is not usable (the log says
 * why), and *out is then as it was. */
bool rules_file_load_fresh(
    struct rules_part *out, const struct config *config, int64_t wall_s);

/* rules.db.prev becomes rules.db, and the other way round. ERR_NOT_FOUND without a .prev. */
MUST_CHECK enum err rules_file_rollback(const struct config *config);

#endif
