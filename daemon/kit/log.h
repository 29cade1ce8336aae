/* log -- one line an event, for the person who runs the gateway.
 *
 *	log_warn("upstream", "%s: no answer in %u ms, trying %s", old, waited_ms, next);
 *
 * Tag of the module; what happened; the subject; what we do about it. Error: someone must
 * act. Warning: we coped. Info: changes of state. Debug: the rest. Never a person's query
 * but in debug.
 *
 * Lines go to stderr: with the journal's "<N>" priorities when the journal reads there
 * (JOURNAL_STREAM), else with the time. Control characters are escaped. More than
 * LOG_BURST lines of one kind (same tag and format) within LOG_WINDOW_MS are left out and
 * counted; the next line of that kind, or log_tick(), says how many. Debug is not limited.
 *
 * Tags and formats are string literals. SIGPIPE must be ignored (startup.h does).
 *
 * Threads: every function but log_open() may be called by any thread at any time. No lock
 * of ours is taken and no write waits: when the reader of stderr is too slow, lines are dropped,
 * and the next line that gets through says how many. Keeps errno. */
#ifndef KIT_LOG_H
#define KIT_LOG_H

#include <stdbool.h>

#include "base/attr.h"
#include "base/diag.h"

enum {
	LOG_LINE_BYTES = 1024, /* longer lines end in "..." */
	LOG_BURST = 10,
	LOG_WINDOW_MS = 10000
};

enum log_level {
	LOG_LEVEL_ERROR,
	LOG_LEVEL_WARN,
	LOG_LEVEL_INFO,
	LOG_LEVEL_DEBUG
};

enum log_target {
	LOG_TARGET_AUTO,
	LOG_TARGET_STDERR,
	LOG_TARGET_JOURNAL
};

/* Before threads and before privileges go; may be called again with other arguments.
 * `program` stands in every line that goes to stderr and must outlive the process.
 * Without it the log works too: level info, target auto, program "lachan". */
void log_open(const char *program, enum log_level level, enum log_target target);
void log_set_level(enum log_level level);
/* For work that is done only to be logged. */
bool log_wants(enum log_level level);

void log_error(const char *tag, const char *format, ...) PRINTF_LIKE(2, 3);
void log_warn(const char *tag, const char *format, ...) PRINTF_LIKE(2, 3);
void log_info(const char *tag, const char *format, ...) PRINTF_LIKE(2, 3);
void log_debug(const char *tag, const char *format, ...) PRINTF_LIKE(2, 3);

/* Every diagnosis of a list, one line each, at its own level. */
void log_diags(const char *tag, const struct diags *all);

/* Says what was left out and has not been said; call it every few seconds (main loop). */
void log_tick(void);

#endif
