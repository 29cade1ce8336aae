/* grants_text -- one grant as a line of the file `grants`, and back.
 *
 * The file is text, a line each, so that a person can read it and a damaged line costs itself:
 *
 *	3f0c…(16 hex) {"format":"lachan-grants","version":1,"next_id":13}
 *	8a11…(16 hex) {"id":12,"name":"example.vn","deny":false,"scope":"tier",
 *	               "who":"lower_secondary","made":…,"until":…,"by":"uid:0","reason":"…"}
 *
 * A teacher's opening has "content_only":true too; the others are without the member.
 * In front stands the checksum64 of the JSON behind the space. Times are seconds since 1970
 * UTC; `until` is 0 for always. Nothing in the file is believed but what the reader has
 * checked: the checksum finds accidents, not forgery. The filter writes it, alone (daemon/filter,
 * grants_file.h); who explains with the daemon stopped reads it. Threads: pure functions. */
#ifndef KIT_GRANTS_TEXT_H
#define KIT_GRANTS_TEXT_H

#include "base/buf.h"
#include "base/err.h"
#include "dns/name.h"
#include "policy/grants.h"

enum {
	GRANTS_MAX = 1000,        /* in the file */
	GRANT_WHO_BYTES = 64,     /* a tier, a group or a prefix as text; with the NUL */
	GRANT_BY_BYTES = 48,      /* with the NUL */
	GRANT_REASON_BYTES = 256, /* with the NUL */
	GRANT_LINE_MAX = 4096
};

/* A tier or group is kept by name: indices change with the configuration. */
struct grant_record {
	uint32_t id; /* never 0, never used twice */
	bool deny;
	bool content_only; /* a teacher's opening (policy/grants.h); never of deny */
	enum grant_scope scope;
	char who[GRANT_WHO_BYTES]; /* "" for all */
	struct name_buf name;      /* with all below it; two labels at least */
	int64_t made_s;
	int64_t until_s; /* 0: always */
	char by[GRANT_BY_BYTES];
	char reason[GRANT_REASON_BYTES];
	/* Not in the file: mono_ms at which it ends whatever the calendar says. */
	uint64_t until_mono_ms;
};

/* The word for a scope in the file and in JSON: all tier group clients. */
const char *grant_scope_word(enum grant_scope scope);

/* As policy wants it: texts, name and ends are the record's. False where `who` is no prefix,
 * which neither the reader nor the filter lets in. */
bool grant_of_record(struct grant *out, const struct grant_record *record);

/* Append a line with its line end; buf_status() says whether it fitted. ERR_MEMORY. */
MUST_CHECK enum err grants_text_write_head(struct buf *out, uint32_t next_id);
MUST_CHECK enum err grants_text_write(struct buf *out, const struct grant_record *grant);

/* Read a line (without its line end). ERR_FORMAT for all that the writers do not write; then
 * *out is untouched. Texts that are accepted have no control characters. */
MUST_CHECK enum err grants_text_read_head(struct slice line, uint32_t *next_id);
MUST_CHECK enum err grants_text_read(struct slice line, struct grant_record *out);

/* UTF-8 without control characters that fits `size` with its NUL. */
bool grant_text_is_sound(const char *text, size_t size);

#endif
