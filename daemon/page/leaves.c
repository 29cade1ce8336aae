#include "page/leaves.h"

#include <stdlib.h>
#include <sys/queue.h>

#include <openssl/err.h>
#include <openssl/pem.h>

#include "kit/log.h"
#include "kit/mint.h"
#include "page/desk.h"

struct kept {
	TAILQ_ENTRY(kept) entry;
	struct name_buf name;
	struct certificate leaf;
};

struct wish {
	TAILQ_ENTRY(wish) entry;
	struct leaves *leaves;
	struct name_buf name;
	struct addr client;
	bool asked; /* the desk's answer to this one serves all wishes for the name */
	leaves_on_leaf on_leaf;
	void *context;
};

TAILQ_HEAD(kept_list, kept);
TAILQ_HEAD(wish_list, wish);

struct leaves {
	struct desk *desk;
	EVP_PKEY *key;
	struct buf public_key; /* PEM */
	uint64_t made_s;
	struct kept_list kept; /* the one used last comes first */
	unsigned kept_count;
	struct wish_list wishes;
	unsigned asked_count;
	bool pumping;
};

/* ---- the leaves we keep ----------------------------------------------------------------- */

static void drop(struct leaves *l, struct kept *k)
{
	TAILQ_REMOVE(&l->kept, k, entry);
	l->kept_count--;
	certificate_deinit(&k->leaf);
	free(k);
}

static const struct certificate *find(struct leaves *l, struct dname name)
{
	struct kept *k;

	TAILQ_FOREACH (k, &l->kept, entry) {
		if (!name_equal(name_of(&k->name), name))
			continue;
		TAILQ_REMOVE(&l->kept, k, entry);
		TAILQ_INSERT_HEAD(&l->kept, k, entry);
		return &k->leaf;
	}
	return NULL;
}

/* Takes what is in *leaf; NULL without memory. */
static const struct certificate *keep(
    struct leaves *l, struct dname name, struct certificate *leaf)
{
	struct kept *k = calloc(1, sizeof *k);

	if (k == NULL) {
		certificate_deinit(leaf);
		return NULL;
	}
	if (l->kept_count == LEAVES_MAX)
		drop(l, TAILQ_LAST(&l->kept, kept_list));
	name_copy(&k->name, name);
	k->leaf = *leaf;
	TAILQ_INSERT_HEAD(&l->kept, k, entry);
	l->kept_count++;
	return &k->leaf;
}

static enum err make_key(struct leaves *l, uint64_t mono_s)
{
	struct buf text = BUF_INIT(MINT_KEY_MAX_BYTES);
	EVP_PKEY *key = mint_key();

	enum err rc = key == NULL ? ERR_MEMORY : mint_public_key_text(&text, key);
	if (rc != OK || buf_cstr(&text) == NULL) {
		EVP_PKEY_free(key);
		buf_deinit(&text);
		return ERR_MEMORY;
	}
	while (!TAILQ_EMPTY(&l->kept)) /* they are over the old one */
		drop(l, TAILQ_FIRST(&l->kept));
	EVP_PKEY_free(l->key);
	buf_deinit(&l->public_key);
	l->key = key;
	l->public_key = text;
	l->made_s = mono_s;
	return OK;
}

/* ---- asking the desk -------------------------------------------------------------------- */

static enum err read_chain(struct certificate *out, const char *text, EVP_PKEY *key)
{
	BIO *bio = BIO_new_mem_buf(text, -1);
	X509 *next;
	enum err rc = ERR_FORMAT;

	*out = CERTIFICATE_NONE;
	out->chain = sk_X509_new_null();
	out->own = bio == NULL
	    ? NULL
	    : PEM_read_bio_X509(bio, NULL, certificate_no_passphrase, NULL);
	while (out->own != NULL && out->chain != NULL &&
	    sk_X509_num(out->chain) < CERTIFICATE_CHAIN_MAX &&
	    (next = PEM_read_bio_X509(bio, NULL, certificate_no_passphrase, NULL)) != NULL)
		if (sk_X509_push(out->chain, next) == 0)
			X509_free(next);
	/* A key that was renewed meanwhile is another one. */
	if (out->own != NULL && out->chain != NULL &&
	    X509_check_private_key(out->own, key) == 1 && EVP_PKEY_up_ref(key) == 1) {
		out->key = key;
		rc = OK;
	}
	if (rc != OK)
		certificate_deinit(out);
	ERR_clear_error();
	BIO_free(bio);
	return rc;
}

static void log_refusal(const json_t *answer)
{
	const char *why = desk_why(answer);

	/* Nothing of the name: it is what a child asked for. */
	if (strcmp(why, "not_blocked") != 0)
		log_warn("tls", "the desk gives no certificate: %s", why);
}

/* All that wait for `name`, moved to `out`. */
static void take_wishes(struct leaves *l, struct dname name, struct wish_list *out)
{
	struct wish *next;

	for (struct wish *w = TAILQ_FIRST(&l->wishes); w != NULL; w = next) {
		next = TAILQ_NEXT(w, entry);
		if (!name_equal(name_of(&w->name), name))
			continue;
		TAILQ_REMOVE(&l->wishes, w, entry);
		TAILQ_INSERT_TAIL(out, w, entry);
	}
}

static void pump(struct leaves *l);

static void on_answer(void *context, const json_t *answer)
{
	struct wish *asked = context;
	struct leaves *l = asked->leaves;
	struct name_buf name = asked->name;
	const char *chain = json_string_value(json_object_get(answer, "chain"));
	const struct certificate *leaf = NULL;
	struct certificate fresh;
	struct wish_list served = TAILQ_HEAD_INITIALIZER(served);
	struct wish *w;

	l->asked_count--;
	take_wishes(l, name_of(&name), &served);
	if (!desk_is_ok(answer) || chain == NULL)
		log_refusal(answer);
	else if (read_chain(&fresh, chain, l->key) == OK)
		leaf = keep(l, name_of(&name), &fresh);
	while ((w = TAILQ_FIRST(&served)) != NULL) {
		TAILQ_REMOVE(&served, w, entry);
		w->on_leaf(w->context, leaf);
		free(w);
	}
	pump(l);
}

static void ask(struct leaves *l, struct wish *w)
{
	char name[NAME_TEXT_MAX];
	char client[ADDR_TEXT_MAX];

	name_to_text(name, name_of(&w->name));
	addr_to_text(client, &w->client);
	w->asked = true;
	l->asked_count++;
	desk_ask_take(l->desk, DESK_LEAF,
	    json_pack("{s:s,s:s,s:s,s:s}", "command", "leaf", "name", name, "client",
	        client, "public_key", buf_cstr(&l->public_key)),
	    on_answer, w);
}

static bool is_asked_for(const struct leaves *l, struct dname name)
{
	const struct wish *w;

	TAILQ_FOREACH (w, &l->wishes, entry)
		if (w->asked && name_equal(name_of(&w->name), name))
			return true;
	return false;
}

static struct wish *next_to_ask(const struct leaves *l)
{
	struct wish *w;

	TAILQ_FOREACH (w, &l->wishes, entry)
		if (!w->asked && !is_asked_for(l, name_of(&w->name)))
			return w;
	return NULL;
}

/* Asks for names that nobody asked for yet. An answer may come at once, and then on_answer()
 * comes back here; the loop that runs already does what is left. */
static void pump(struct leaves *l)
{
	struct wish *w;

	if (l->pumping)
		return;
	l->pumping = true;
	while (l->asked_count < LEAVES_ASKED_MAX && (w = next_to_ask(l)) != NULL)
		ask(l, w);
	l->pumping = false;
}

void leaves_get(struct leaves *l, struct dname name, const struct addr *client,
    leaves_on_leaf on_leaf, void *context)
{
	const struct certificate *leaf = find(l, name);
	struct wish *w = leaf != NULL ? NULL : calloc(1, sizeof *w);

	if (w == NULL) {
		on_leaf(context, leaf);
		return;
	}
	*w = (struct wish){
	    .leaves = l, .client = *client, .on_leaf = on_leaf, .context = context};
	name_copy(&w->name, name);
	TAILQ_INSERT_TAIL(&l->wishes, w, entry);
	pump(l);
}

/* ---- life ------------------------------------------------------------------------------- */

enum err leaves_open(struct leaves **out, struct desk *desk, uint64_t mono_s)
{
	struct leaves *l = calloc(1, sizeof *l);

	if (l == NULL)
		return ERR_MEMORY;
	l->desk = desk;
	l->public_key = BUF_INIT(MINT_KEY_MAX_BYTES);
	TAILQ_INIT(&l->kept);
	TAILQ_INIT(&l->wishes);
	enum err rc = make_key(l, mono_s);
	if (rc != OK) {
		leaves_close(l);
		return rc;
	}
	*out = l;
	return OK;
}

void leaves_stop(struct leaves *l)
{
	l->desk = NULL;
}

void leaves_close(struct leaves *l)
{
	struct wish *w;

	if (l == NULL)
		return;
	while ((w = TAILQ_FIRST(&l->wishes)) != NULL) {
		TAILQ_REMOVE(&l->wishes, w, entry);
		free(w);
	}
	while (!TAILQ_EMPTY(&l->kept))
		drop(l, TAILQ_FIRST(&l->kept));
	EVP_PKEY_free(l->key);
	buf_deinit(&l->public_key);
	free(l);
}

void leaves_care(struct leaves *l, uint64_t mono_s)
{
	if (mono_s - l->made_s >= LEAVES_KEY_S && make_key(l, mono_s) != OK)
		log_warn("tls", "no memory for a new key; the one of yesterday stays");
}
