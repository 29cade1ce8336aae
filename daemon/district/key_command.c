/* `lachan-district key …`: which signing keys are pinned to which unit. */
#include <stdio.h>
#include <string.h>

#include "base/words.h"
#include "district/admin.h"
#include "sign/sign.h"

struct keys {
	const char *mark; /* the beginning of one key's text; NULL: all */
	struct unit_key found;
	size_t count;
};

static void text_of(char out[SIGN_PUBLIC_TEXT], const struct unit_key *key)
{
	struct sign_public public;

	memcpy(public.bytes, key->key, sizeof public.bytes);
	sign_public_text(out, &public);
}

static bool on_key(void *context, const struct unit_key *key)
{
	struct keys *k = context;
	char text[SIGN_PUBLIC_TEXT], pinned[ADMIN_TIME_BYTES], revoked[ADMIN_TIME_BYTES];

	text_of(text, key);
	admin_time_text(pinned, key->pinned_s);
	(void)printf("%s  %s  %s", text, pinned, key->unit);
	if (key->revoked_s != 0) {
		admin_time_text(revoked, key->revoked_s);
		(void)printf(_("  revoked %s"), revoked);
	}
	(void)printf("%s%s\n", key->note[0] != 0 ? "  " : "", key->note);
	k->count++;
	return true;
}

static bool on_match(void *context, const struct unit_key *key)
{
	struct keys *k = context;
	char text[SIGN_PUBLIC_TEXT];

	text_of(text, key);
	if (strncmp(text, k->mark, strlen(k->mark)) == 0) {
		k->found = *key;
		k->count++;
	}
	return true;
}

static int list(struct command *c, struct store *store)
{
	struct keys k = {.count = 0};
	enum err rc = store_key_list(store, c->argc == 2 ? c->argv[1] : NULL, on_key, &k);

	if (rc != OK && rc != ERR_NOT_FOUND)
		return admin_fail_store(store, rc);
	(void)printf(_("%zu keys\n"), k.count);
	return ADMIN_DONE;
}

static int revoke(struct command *c, struct store *store)
{
	const char *unit = c->argv[1];
	struct keys k = {.mark = c->argc == 3 ? c->argv[2] : NULL};
	enum err rc = OK;

	if (k.mark != NULL)
		rc = store_key_list(store, unit, on_match, &k);
	if (rc == OK && k.mark != NULL && k.count != 1)
		return admin_fail(
		    _("%zu keys of %s begin with %s (key list)"), k.count, unit, k.mark);
	if (rc == OK)
		rc = store_key_revoke(
		    store, unit, k.mark != NULL ? k.found.key : NULL, c->now.wall_s);
	if (rc == ERR_NOT_FOUND)
		return admin_fail(_("%s has no key"), unit);
	if (rc != OK)
		return admin_fail_store(store, rc);
	admin_record(c, "key-revoke", unit, "%s", k.mark != NULL ? k.mark : "all");
	(void)printf(_("%s: revoked; what it signs is refused from now on\n"), unit);
	return ADMIN_DONE;
}

int admin_key(struct command *c)
{
	const char *verb = c->argc > 0 ? c->argv[0] : "";
	struct store *store = NULL;
	bool lists = strcmp(verb, "list") == 0 && c->argc <= 2;
	bool revokes = strcmp(verb, "revoke") == 0 && (c->argc == 2 || c->argc == 3);

	if (!lists && !revokes)
		return ADMIN_USAGE;
	if (!admin_open(c, &store))
		return ADMIN_FAILED;
	int status = lists ? list(c, store) : revoke(c, store);
	store_close(store);
	return status;
}
