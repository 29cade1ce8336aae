/* tokens -- who has signed in, and from where: in memory only. A token ends TOKEN_LIFE_MS
 * after it was given, whatever is done with it. Clock and random octets are arguments. */
#ifndef DESK_TOKENS_H
#define DESK_TOKENS_H

#include <stdbool.h>
#include <stdint.h>

#include "accounts/accounts.h"

enum {
	TOKENS_MAX = 64, /* further ones take the place of the oldest */
	TOKENS_OF_ONE = 4,
	TOKEN_BYTES = 16,
	TOKEN_TEXT_BYTES = 2 * TOKEN_BYTES + 1,
	TOKEN_CLIENT_BYTES = 64,
	TOKEN_LIFE_MS = 10 * 60 * 1000
};

struct token {
	uint8_t bytes[TOKEN_BYTES];
	char user[ACCOUNT_NAME_BYTES];
	char client[TOKEN_CLIENT_BYTES];
	uint64_t until_ms; /* 0: free */
};

/* Zero-initialise. */
struct tokens {
	struct token items[TOKENS_MAX];
};

/* `client` fits TOKEN_CLIENT_BYTES. */
struct token_ask {
	uint64_t now_ms;
	const char *user;
	const char *client;
};

void tokens_issue(struct tokens *t, const struct token_ask *ask,
    const uint8_t random[TOKEN_BYTES], char out[TOKEN_TEXT_BYTES]);
/* Whose it is, for this client and now; NULL: nobody's. ask->user is not looked at. */
const char *tokens_user(
    const struct tokens *t, const struct token_ask *ask, const char *text);
/* All of them. */
void tokens_forget(struct tokens *t);

#endif
