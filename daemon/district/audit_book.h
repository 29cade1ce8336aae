/* audit_book -- the department's own record: state_dir/audit.log (audit/audit.h).
 *
 * The service and commands beside it write to one file: each entry takes a lock on
 * state_dir/audit.lock, reads the end of the chain, appends and lets go. What is recorded is
 * who may do what (enrolments, tokens, keys, accounts, units, decisions), never what a
 * document holds. With several collectors each keeps the record of what it did.
 * Threads: any. */
#ifndef DISTRICT_AUDIT_BOOK_H
#define DISTRICT_AUDIT_BOOK_H

#include "audit/audit.h"

/* ERR_FORMAT with *why: the record's end is no entry; it is evidence and is not written to.
 * ERR_IO; errors of audit_append(). */
MUST_CHECK enum err audit_book_write(
    const char *state_dir, int64_t at_s, const struct audit_entry *entry, struct diag *why);

#endif
