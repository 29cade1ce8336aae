#include "desk/tokens.h"

#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>

#include "base/attr.h"

static bool lives(const struct token *t, uint64_t now_ms)
{
	return t->until_ms > now_ms;
}

/* A free one; else the oldest, of this user when he has enough. */
static struct token *find_place(struct tokens *t, const struct token_ask *ask)
{
	struct token *free_one = NULL, *oldest = NULL, *oldest_own = NULL;
	size_t own = 0;

	for (size_t i = 0; i < COUNT_OF(t->items); i++) {
		struct token *x = &t->items[i];
		if (!lives(x, ask->now_ms)) {
			free_one = x;
			continue;
		}
		if (oldest == NULL || x->until_ms < oldest->until_ms)
			oldest = x;
		if (strcmp(x->user, ask->user) != 0)
			continue;
		own++;
		if (oldest_own == NULL || x->until_ms < oldest_own->until_ms)
			oldest_own = x;
	}
	if (own >= TOKENS_OF_ONE)
		return oldest_own;
	return free_one != NULL ? free_one : oldest;
}

void tokens_issue(struct tokens *t, const struct token_ask *ask,
    const uint8_t random[TOKEN_BYTES], char out[TOKEN_TEXT_BYTES])
{
	struct token *x = find_place(t, ask);

	*x = (struct token){.until_ms = ask->now_ms + TOKEN_LIFE_MS};
	memcpy(x->bytes, random, TOKEN_BYTES);
	(void)snprintf(x->user, sizeof x->user, "%s", ask->user);
	(void)snprintf(x->client, sizeof x->client, "%s", ask->client);
	seal_to_hex(out, (struct slice){x->bytes, TOKEN_BYTES});
}

const char *tokens_user(
    const struct tokens *t, const struct token_ask *ask, const char *text)
{
	uint8_t bytes[TOKEN_BYTES];

	if (text == NULL || !seal_from_hex(bytes, sizeof bytes, text))
		return NULL;
	for (size_t i = 0; i < COUNT_OF(t->items); i++) {
		const struct token *x = &t->items[i];
		if (lives(x, ask->now_ms) &&
		    CRYPTO_memcmp(x->bytes, bytes, sizeof bytes) == 0)
			return strcmp(x->client, ask->client) == 0 ? x->user : NULL;
	}
	return NULL;
}

void tokens_forget(struct tokens *t)
{
	seal_wipe(t, sizeof *t);
}
