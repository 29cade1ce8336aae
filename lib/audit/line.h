/* line -- one line of the record: written in one fixed form, read only in that form. */
#ifndef AUDIT_LINE_H
#define AUDIT_LINE_H

#include "audit/audit.h"
#include "base/buf.h"

/* Appends the line without its line end. ERR_RANGE when a text is too long, ERR_FULL. */
MUST_CHECK enum err line_write(struct buf *out, uint64_t number, int64_t at_s,
    const struct audit_entry *entry, const char previous[AUDIT_HASH_TEXT_BYTES]);

/* The number and the hash of the line before, if the line has the form line_write() gives
 * it. */
bool line_read(struct slice line, uint64_t *number, char previous[AUDIT_HASH_TEXT_BYTES]);

/* SHA-256 of the line in hex. ERR_MEMORY. */
MUST_CHECK enum err line_hash(struct slice line, char out[AUDIT_HASH_TEXT_BYTES]);

/* Whether the text holds the address of one device: an IPv4 or IPv6 address that is no
 * wider prefix, or a MAC address. */
bool line_names_device(const char *text);

#endif
