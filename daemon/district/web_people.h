/* web_people -- accounts of the department, signing in and out, and who stands behind a request.
 *
 * The accounts are read again when users_file changes; while it is broken nobody signs in, and who was in is out.
 * Threads: any number; one mutex inside, never held while a password is computed. */
#ifndef DISTRICT_WEB_PEOPLE_H
#define DISTRICT_WEB_PEOPLE_H

#include "district/web_sessions.h"
#include "net/addr.h"

enum {
	WEB_TRIES_OF_ONE = 20, /* sign-ins a minute from one address */
	WEB_TRIES_OF_ALL = 240
};

struct web_people;

struct web_person {
	char name[ACCOUNT_NAME_BYTES];
	unsigned roles; /* ACCOUNT_BIT()s; never none */
};

enum web_sign_in {
	WEB_SIGN_IN_DONE,
	WEB_SIGN_IN_WRONG,
	WEB_SIGN_IN_LOCKED,
	WEB_SIGN_IN_BUSY,
	WEB_SIGN_IN_FAILED /* lack of memory */
};

struct web_try {
	const char *users_file;
	const char *user; /* as typed */
	struct slice password;
	const struct addr *client;
	uint64_t now_ms;
};

struct web_tried {
	struct web_person person;
	char cookie[WEB_SESSION_TEXT_BYTES];
	unsigned minutes; /* of WEB_SIGN_IN_LOCKED */
	bool lock_began;  /* by this very try */
};

/* ERR_MEMORY, ERR_IO (no random numbers). */
MUST_CHECK enum err web_people_new(struct web_people **out);
void web_people_free(struct web_people *people);

enum web_sign_in web_people_sign_in(
    struct web_people *people, const struct web_try *try, struct web_tried *out);
/* False: nobody signed in by this cookie. */
bool web_people_who(struct web_people *people, const char *users_file, uint64_t now_ms,
    const char *cookie, struct web_person *out);
void web_people_sign_out(struct web_people *people, const char *cookie);

/* A fresh cookie for who has none. ERR_IO. */
MUST_CHECK enum err web_people_stranger(char out[WEB_SESSION_TEXT_BYTES]);
/* web_form_token() under this process's key. */
MUST_CHECK enum err web_people_form_token(
    const struct web_people *people, const char *cookie, char out[WEB_FORM_TEXT_BYTES]);

#endif
