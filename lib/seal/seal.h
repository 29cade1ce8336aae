/* seal -- messages that only the holders of certain keys can open, and those keys.
 *
 * A key is an X25519 pair (RFC 7748). What is kept of the private half is wrapped under a
 * password by scrypt (RFC 7914) and ChaCha20-Poly1305 (RFC 8439). A message is sealed once
 * under a random message key; that key is wrapped for each recipient under X25519 with an
 * ephemeral key of its own, HKDF-SHA-256 (RFC 5869) and ChaCha20-Poly1305. So a recipient can
 * be added by one who can open, or taken out by anybody, and the body stays byte for byte.
 * docs/formats/seal.md describes every byte.
 *
 * Random numbers are arguments: bytes of getrandom(), used once, wiped by the caller.
 * What this module holds of keys and texts while it works it wipes before it returns.
 * Threads: any number; the functions share nothing. */
#ifndef SEAL_SEAL_H
#define SEAL_SEAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/bytes.h"
#include "base/err.h"

enum {
	SEAL_KEY_BYTES = 32,
	SEAL_KEY_ID_BYTES = 8,
	SEAL_SALT_BYTES = 16,
	SEAL_WRAPPED_BYTES = 72,   /* a private key under a password */
	SEAL_RECIPIENTS_MAX = 32,  /* of one message */
	SEAL_TEXT_MAX = 16384 - 4, /* bytes of one message */
	SEAL_FILE_MAX = 48 + 16384 + 16 + SEAL_RECIPIENTS_MAX * 88
};

struct seal_public {
	uint8_t bytes[SEAL_KEY_BYTES];
};

/* Wipe it with seal_wipe() when done. */
struct seal_secret {
	uint8_t bytes[SEAL_KEY_BYTES];
};

/* What scrypt is asked to spend: 128 * r * 2^log_n bytes of memory. log_n 10 to 17 (lower only
 * for tests: from 1), r 1 to 16, p 1 to 4. */
struct seal_cost {
	uint8_t log_n;
	uint8_t r;
	uint8_t p;
};

/* 32 MiB and some 80 ms on an old PC. */
#define SEAL_COST_PASSWORD ((struct seal_cost){.log_n = 15, .r = 8, .p = 1})

/* What a message is for. One kind never opens as another. */
enum seal_purpose {
	SEAL_REPORT = 1, /* to the counsellors */
	SEAL_REPLY = 2   /* to the one who holds a follow-up code */
};

/* Overwrites memory in a way the compiler keeps. */
void seal_wipe(void *memory, size_t size);

/* ---- keys ---- */

/* A pair from 32 random bytes. ERR_MEMORY. */
MUST_CHECK enum err seal_pair_make(struct seal_secret *secret, struct seal_public *public,
    const uint8_t random[SEAL_KEY_BYTES]);

/* 32 bytes of a password or a code, slowly: scrypt over `words` with `salt`. ERR_RANGE for a
 * cost outside the limits, ERR_MEMORY. */
MUST_CHECK enum err seal_stretch(uint8_t out[SEAL_KEY_BYTES], struct slice words,
    struct slice salt, struct seal_cost cost);

/* The private key under a password. `salt` is random and new each time. ERR_RANGE for a cost
 * outside the limits or an empty password, ERR_MEMORY. */
MUST_CHECK enum err seal_wrap(uint8_t out[SEAL_WRAPPED_BYTES],
    const struct seal_secret *secret, struct slice password,
    const uint8_t salt[SEAL_SALT_BYTES], struct seal_cost cost);
/* Back again, and its public half. ERR_DENIED for a wrong password or altered bytes (nobody can
 * tell which), ERR_FORMAT for what seal_wrap() never makes, ERR_MEMORY. */
MUST_CHECK enum err seal_unwrap(struct seal_secret *secret, struct seal_public *public,
    const uint8_t wrapped[SEAL_WRAPPED_BYTES], struct slice password);

/* The name of a key inside sealed messages; tells nothing but which key. ERR_MEMORY. */
MUST_CHECK enum err seal_key_id(
    uint8_t out[SEAL_KEY_ID_BYTES], const struct seal_public *public);

/* Lower-case hexadecimal, for JSON: `out` holds 2 * bytes.len + 1. Reading wants exactly `size`
 * bytes; false leaves `out` untouched. */
void seal_to_hex(char *out, struct slice bytes);
bool seal_from_hex(uint8_t *out, size_t size, const char *hex);

/* ---- messages ---- */

/* Random bytes that sealing to `n` recipients takes. */
#define SEAL_RANDOM_BYTES(n) (SEAL_KEY_BYTES * (1 + (size_t)(n)))

/* Everything borrowed. `context` says where the message belongs (the number of a case): it is
 * not stored in the message and must be given again to open it; at most 256 bytes. */
struct seal_request {
	enum seal_purpose purpose;
	struct slice context;
	struct slice text; /* at most SEAL_TEXT_MAX */
	const struct seal_public *to;
	size_t to_count;       /* 1 to SEAL_RECIPIENTS_MAX, no key twice */
	const uint8_t *random; /* SEAL_RANDOM_BYTES(to_count) */
};

/* Appends the sealed message to `out`. Its size tells the recipients' number and the text's
 * length up to the next of 4, 8, 16 KiB. ERR_RANGE for what the comments above forbid or a
 * public key that is none, ERR_FULL at out's ceiling, ERR_MEMORY. */
MUST_CHECK enum err seal_message(struct buf *out, const struct seal_request *request);

/* Who opens what. */
struct seal_opener {
	enum seal_purpose purpose;
	struct slice context;
	const struct seal_secret *secret;
};

/* Wipe it with seal_wipe() when done. */
struct seal_text {
	size_t len;
	uint8_t bytes[SEAL_TEXT_MAX];
};

/* ERR_FORMAT for what is no sealed message; ERR_NOT_FOUND when it is not sealed to this key;
 * ERR_DENIED when it was altered, or is of another purpose or context; ERR_MEMORY. On failure
 * `out` is empty. */
MUST_CHECK enum err seal_open(
    struct seal_text *out, struct slice sealed, const struct seal_opener *opener);

/* Appends to `out` the same message, sealed to `to` as well. As seal_open(), and ERR_EXISTS when
 * it was already, ERR_RANGE when it has SEAL_RECIPIENTS_MAX. */
MUST_CHECK enum err seal_share(struct buf *out, struct slice sealed,
    const struct seal_opener *opener, const struct seal_public *to,
    const uint8_t random[SEAL_KEY_BYTES]);

/* Appends to `out` the same message without this recipient; needs no key. ERR_FORMAT,
 * ERR_NOT_FOUND; ERR_RANGE for the last one, whose message nobody could open any more. */
MUST_CHECK enum err seal_drop(
    struct buf *out, struct slice sealed, const uint8_t key_id[SEAL_KEY_ID_BYTES]);

/* ---- what anybody can see ---- */

/* Borrowed from the sealed bytes. */
struct seal_view {
	enum seal_purpose purpose;
	struct slice
	    body; /* with header, without recipients: what seal_share() never changes */
	struct slice wraps; /* 88 bytes a recipient */
	size_t recipients;
};

/* Checks the outer form. ERR_FORMAT: then *out is untouched. */
MUST_CHECK enum err seal_look(struct seal_view *out, struct slice sealed);
/* Key id of recipient number `i` < view->recipients. */
struct slice seal_recipient(const struct seal_view *view, size_t i);

/* Whether two sealed messages differ in recipients at most. */
bool seal_same_body(struct slice a, struct slice b);

#endif
