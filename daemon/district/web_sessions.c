#include "district/web_sessions.h"

#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "base/attr.h"
#include "seal/seal.h"

bool web_session_is_sound(const char *cookie)
{
	return strlen(cookie) == WEB_SESSION_TEXT_BYTES - 1 &&
	    strspn(cookie, "0123456789abcdef") == WEB_SESSION_TEXT_BYTES - 1;
}

static bool is_over(const struct web_session *session, uint64_t now_ms)
{
	return session->user[0] == 0 || now_ms - session->used_ms >= WEB_SESSION_IDLE_MS ||
	    now_ms - session->begun_ms >= WEB_SESSION_LIFE_MS;
}

static void wipe(struct web_session *session)
{
	seal_wipe(session, sizeof *session);
}

/* Of these two, the one to give up first. */
static struct web_session *older(struct web_session *a, struct web_session *b)
{
	if (a == NULL || b->user[0] == 0)
		return b;
	return a->user[0] != 0 && b->used_ms < a->used_ms ? b : a;
}

/* A person with many sessions gives up one of them; else it is the one not used for longest. */
static struct web_session *take_place(
    struct web_sessions *s, uint64_t now_ms, const char *user)
{
	struct web_session *any = NULL, *own = NULL;
	unsigned owned = 0;

	for (size_t i = 0; i < COUNT_OF(s->items); i++) {
		struct web_session *one = &s->items[i];
		if (is_over(one, now_ms))
			wipe(one);
		if (strcmp(one->user, user) == 0) {
			owned++;
			own = older(own, one);
		}
		any = older(any, one);
	}
	return owned >= WEB_SESSIONS_OF_ONE ? own : any;
}

void web_sessions_issue(struct web_sessions *s, uint64_t now_ms,
    const struct account *account, const uint8_t random[WEB_SESSION_BYTES],
    char out[WEB_SESSION_TEXT_BYTES])
{
	struct web_session *place = take_place(s, now_ms, account->name);

	memcpy(place->id, random, sizeof place->id);
	memcpy(place->stamp, account->salt, sizeof place->stamp);
	memcpy(place->user, account->name, sizeof place->user);
	place->begun_ms = now_ms;
	place->used_ms = now_ms;
	seal_to_hex(out, (struct slice){random, WEB_SESSION_BYTES});
}

/* All places are looked at, whichever fits. */
static struct web_session *find(struct web_sessions *s, const char *cookie)
{
	uint8_t id[WEB_SESSION_BYTES];
	struct web_session *found = NULL;

	if (!web_session_is_sound(cookie) || !seal_from_hex(id, sizeof id, cookie))
		return NULL;
	for (size_t i = 0; i < COUNT_OF(s->items); i++)
		if (s->items[i].user[0] != 0 &&
		    CRYPTO_memcmp(s->items[i].id, id, sizeof id) == 0)
			found = &s->items[i];
	return found;
}

const struct web_session *web_sessions_find(
    struct web_sessions *s, uint64_t now_ms, const char *cookie)
{
	struct web_session *found = find(s, cookie);

	if (found == NULL)
		return NULL;
	if (is_over(found, now_ms)) {
		wipe(found);
		return NULL;
	}
	found->used_ms = now_ms;
	return found;
}

void web_sessions_end(struct web_sessions *s, const char *cookie)
{
	struct web_session *found = find(s, cookie);

	if (found != NULL)
		wipe(found);
}

enum err web_form_token(char out[WEB_FORM_TEXT_BYTES],
    const uint8_t key[WEB_FORM_KEY_BYTES], const char *cookie)
{
	uint8_t digest[EVP_MAX_MD_SIZE];
	unsigned len = 0;

	if (HMAC(EVP_sha256(), key, WEB_FORM_KEY_BYTES, (const unsigned char *)cookie,
	        strlen(cookie), digest, &len) == NULL ||
	    len < WEB_FORM_TEXT_BYTES / 2)
		return ERR_MEMORY;
	seal_to_hex(out, (struct slice){digest, WEB_FORM_TEXT_BYTES / 2});
	return OK;
}

bool web_form_token_fits(const char *ours, const char *given)
{
	size_t len = strlen(ours);

	return len > 0 && strlen(given) == len && CRYPTO_memcmp(ours, given, len) == 0;
}
