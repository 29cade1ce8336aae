/* token -- was this form sent from a page that we showed to this device?
 *
 * A form carries a hidden token: an HMAC-SHA256, under a random key that lives as long as
 * the process, over the form's path, the client's address and the hour it was shown. Nothing
 * is stored. It holds in that hour and the next one: 1 to 2 hours. A restart of the page, or
 * a device whose address changes meanwhile, meets "please send it again": show the form again
 * with what was written.
 *
 * A token alone does not stop another person behind the same address (NAT) who lures a
 * browser: token_same_site() does, by what browsers say of where a POST comes from. Pages
 * with forms must be sent with "Referrer-Policy: same-origin"; with "no-referrer" browsers
 * send "Origin: null" even to ourselves (Fetch standard, "append a request Origin header").
 *
 * Neither stops a name that an attacker points at us (DNS rebinding): his script would be of
 * the same origin. So take forms only where the Host is the portal, one of our addresses, or
 * a name that this client is not allowed.
 * Threads: pure functions. */
#ifndef PAGE_TOKEN_H
#define PAGE_TOKEN_H

#include "kit/head.h"
#include "net/addr.h"

enum {
	TOKEN_KEY_BYTES = 32,
	TOKEN_TEXT_BYTES = 44 /* 32 octets in base64url and the NUL */
};

struct token_key {
	uint8_t bytes[TOKEN_KEY_BYTES]; /* random, of this process alone */
};

/* ERR_MEMORY; then *out is an empty string, which no check accepts. `mono_ms`: any clock that
 * does not go back while the process lives. */
MUST_CHECK enum err token_make(char out[TOKEN_TEXT_BYTES], const struct token_key *key,
    struct slice path, const struct addr *client, uint64_t mono_ms);

/* Constant time in the octets of `token`. */
bool token_holds(const struct token_key *key, struct slice token, struct slice path,
    const struct addr *client, uint64_t mono_ms);

/* False when the browser says that a page of another site sent this (Sec-Fetch-Site other
 * than same-origin and none, or an Origin that is not `scheme`://Host with its port). A
 * program that says neither is left to its token. `scheme`: "http" or "https". */
bool token_same_site(const struct head *head, const char *scheme);

#endif
