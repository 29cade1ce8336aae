/* web_sessions -- who has signed in at the department's web: in memory alone, so a restart ends every session.
 *
 * The browser holds 256 random bits in a cookie. A session ends when it was not used for WEB_SESSION_IDLE_MS, at the latest
 * WEB_SESSION_LIFE_MS after signing in, when its person signs out, and when the account loses its password or is gone: its
 * stamp (the salt of the password) no longer fits.
 *
 * The token of forms comes from the cookie by a keyed hash, so nothing is kept for it, and a page from elsewhere, which
 * cannot read the cookie, cannot know it. The form for signing in has a cookie of its own for the same purpose.
 *
 * Clock and random octets are arguments. Threads: one at a time (web_people.c has the lock). */
#ifndef DISTRICT_WEB_SESSIONS_H
#define DISTRICT_WEB_SESSIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "accounts/accounts.h"

enum {
	WEB_SESSIONS_MAX =
	    512, /* further ones take the place of the one not used for longest */
	WEB_SESSIONS_OF_ONE = 8,
	WEB_SESSION_BYTES = 32,
	WEB_SESSION_TEXT_BYTES = 2 * WEB_SESSION_BYTES + 1,
	WEB_FORM_KEY_BYTES = 32,
	WEB_FORM_TEXT_BYTES = 33,
	WEB_SESSION_IDLE_MS = 60 * 60 * 1000,
	WEB_SESSION_LIFE_MS = 12 * 60 * 60 * 1000
};

struct web_session {
	uint8_t id[WEB_SESSION_BYTES];
	uint8_t stamp[ACCOUNT_SALT_BYTES];
	char user[ACCOUNT_NAME_BYTES]; /* "": free */
	uint64_t begun_ms;
	uint64_t used_ms;
};

/* Zero-initialise. */
struct web_sessions {
	struct web_session items[WEB_SESSIONS_MAX];
};

/* A new session of `account`; the cookie's value goes to `out`. */
void web_sessions_issue(struct web_sessions *s, uint64_t now_ms,
    const struct account *account, const uint8_t random[WEB_SESSION_BYTES],
    char out[WEB_SESSION_TEXT_BYTES]);
/* The session of a cookie, used now; NULL: none, or over. */
const struct web_session *web_sessions_find(
    struct web_sessions *s, uint64_t now_ms, const char *cookie);
void web_sessions_end(struct web_sessions *s, const char *cookie);
/* A cookie's value of this many hexadecimal digits. */
bool web_session_is_sound(const char *cookie);

/* The token for forms shown to who holds `cookie`. ERR_MEMORY. */
MUST_CHECK enum err web_form_token(char out[WEB_FORM_TEXT_BYTES],
    const uint8_t key[WEB_FORM_KEY_BYTES], const char *cookie);
/* Compares in the same time wherever they differ. */
bool web_form_token_fits(const char *ours, const char *given);

#endif
