/* verdict -- what the warning page asks the filter, and what it hears, on verdict.sock.
 *
 * One SOCK_SEQPACKET message each way; no message is longer than VERDICT_MAX_BYTES.
 * Integers are little-endian, strings are a length octet and that many octets.
 *
 *	question: 'Q' u8 version  u32 id  u8 family(4|6)  16 octets address
 *	          string name (wire form)
 *	answer:   'A' u8 version  u32 id  u8 reason  u32 flags
 *	          u64 opens_at  u64 diagnosed_until  u64 staff_until  u64 paused_until
 *	          u64 grant_until  string tier  string category  string group  string window  string rule
 *
 * Both ends come from one build, so another version is ERR_UNSUPPORTED, not translated.
 * The decoders believe nothing: they are fuzzed. Threads: pure functions. */
#ifndef CONTROL_VERDICT_H
#define CONTROL_VERDICT_H

#include "base/bytes.h"
#include "base/err.h"

enum {
	VERDICT_VERSION = 5,
	VERDICT_NAME_BYTES = 255, /* RFC 1035 section 3.1 */
	VERDICT_WORD_BYTES = 64,  /* tier, category, group, window: with the final NUL */
	VERDICT_RULE_BYTES =
	    192, /* feed or list, and the name that matched; with the NUL */
	VERDICT_MAX_BYTES = 640
};

/* Why the filter says what it says, by the rows of the precedence list. */
#define VERDICT_REASON_MAP(X)                                                           \
	X(VERDICT_BY_NOTHING, "nothing")       /* no rule speaks of it: open */         \
	X(VERDICT_BY_LOCKED, "locked")         /* a category nobody here opens */       \
	X(VERDICT_BY_REQUIRED, "required")     /* likewise: the department asks it */   \
	X(VERDICT_BY_GRANT, "grant")           /* opened by a person for a while */     \
	X(VERDICT_BY_ALLOW, "allow")           /* the tier's own list */                \
	X(VERDICT_BY_DENY, "deny")             /* the tier's own list */                \
	X(VERDICT_BY_ALLOW_ONLY, "allow-only") /* only listed names are open now */     \
	X(VERDICT_BY_NEVER_BLOCK, "never-block")                                        \
	X(VERDICT_BY_CATEGORY, "category")                                              \
	X(VERDICT_BY_SERVICE, "service")                                                \
	X(VERDICT_BY_ANSWER, "answer")     /* what it points to is blocked */           \
	X(VERDICT_BY_NO_RULES, "no-rules") /* without_rules: refuse */                  \
	X(VERDICT_BY_PAUSE, "pause")                                                    \
	X(VERDICT_BY_TRIAL, "trial")             /* would be blocked; enforce is off */ \
	X(VERDICT_BY_PORTAL, "portal")           /* the portal's own name */            \
	X(VERDICT_BY_SAFE_SEARCH, "safe-search") /* an engine without a safe one */     \
	X(VERDICT_BY_BYPASS, "bypass")           /* a canary of a way past the filter */

enum verdict_reason {
#define X(code, text) code,
	VERDICT_REASON_MAP(X)
#undef X
	VERDICT_REASONS
};

/* The word of a reason for JSON and logs; static storage, "unknown" outside the enum. */
const char *verdict_reason_text(enum verdict_reason reason);

struct verdict_question {
	uint32_t id;         /* chosen by the asker, comes back in the answer */
	uint8_t family;      /* 4 or 6 */
	uint8_t address[16]; /* of the asking device; IPv4 in the first four, rest 0 */
	size_t name_len;     /* 1..255 */
	uint8_t name[VERDICT_NAME_BYTES]; /* lower-case, uncompressed wire form */
};

struct verdict_answer {
	uint32_t id;
	enum verdict_reason reason;
	bool blocked;    /* false: open for this device now ("try again") */
	bool locked;     /* the deciding category is locked: 451, never opened */
	bool sensitive;  /* the deciding category is sensitive */
	bool name_shown; /* this tier's page may show the name */
	bool recorded;   /* a diagnosis has written queries down, and its record is there */
	bool by_default; /* no claim speaks of this device: its tier is the default one */
	bool trial;      /* filter.enforce is off: little is blocked, for anybody */
	/* Blocked, and a teacher may open it for a room: nothing that lists the name, or what
	 * its answers are known to lead to, is locked, sensitive or of security. */
	bool openable;
	/* All times are seconds since 1970 UTC. */
	/* At which a diagnosis ends; 0: none runs. */
	int64_t diagnosed_until_s;
	/* At which a window or the end of a grant opens it for this device; 0: nothing does
	 * within the days that were looked at. */
	int64_t opens_at_s;
	int64_t staff_until_s;  /* this device is staff's until then; 0: not by a sign-in */
	int64_t paused_until_s; /* this tier is not filtered until then; 0: it is */
	/* A grant opens the name for this device until then; 0: none does, or for always. */
	int64_t grant_until_s;
	char tier[VERDICT_WORD_BYTES];
	char category[VERDICT_WORD_BYTES]; /* the deciding one; "" when not blocked */
	char group[VERDICT_WORD_BYTES];    /* the room the device stands in; "" for none */
	char window[VERDICT_WORD_BYTES]; /* the window in force that decided; "" for none */
	char rule[VERDICT_RULE_BYTES];   /* feed or list that decided; "" when withheld */
};

/* Encode into `out`; *len is what was written. ERR_RANGE when a field is outside its
 * bounds (then *len is untouched). A text without a NUL within its array is refused. */
MUST_CHECK enum err verdict_encode_question(
    const struct verdict_question *q, uint8_t out[VERDICT_MAX_BYTES], size_t *len);
MUST_CHECK enum err verdict_encode_answer(
    const struct verdict_answer *a, uint8_t out[VERDICT_MAX_BYTES], size_t *len);

/* ERR_FORMAT for anything that is not exactly one message; ERR_UNSUPPORTED for another
 * version. *out is untouched then. The name of an accepted question is a well-formed
 * wire name in lower case; the texts of an accepted answer have no control characters. */
MUST_CHECK enum err verdict_decode_question(
    struct slice message, struct verdict_question *out);
MUST_CHECK enum err verdict_decode_answer(struct slice message, struct verdict_answer *out);

#endif
