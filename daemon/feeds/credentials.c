#include "feeds/credentials.h"

#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "feeds/bundle.h"

enum {
	ANCHOR_MAX_BYTES = 256 * 1024
};

static void read_one(struct feed_credentials *one, const struct config_recipient *recipient)
{
	bool bad_key = false;
	enum err rc = OK;

	if (recipient->token_file.text[0] != 0)
		rc = secret_read(one->token, recipient->token_file.text, &one->why);
	if (rc == OK && recipient->ca_file.text[0] != 0) {
		rc = file_read(recipient->ca_file.text, &one->anchor);
		if (rc != OK)
			diag_set(
			    &one->why, "%s: %s", recipient->ca_file.text, err_text(rc));
	}
	if (rc == OK && recipient->client_certificate.file.text[0] != 0)
		rc = certificate_read(
		    &one->own, &recipient->client_certificate, &bad_key, &one->why);
	if (rc != OK && one->why.text[0] == 0)
		diag_set(&one->why, "%s", err_text(rc));
}

enum err credentials_read(struct credentials *out, const struct config *config)
{
	const struct config_feeds *feeds = &config->filter.feeds;

	*out = (struct credentials){.items = calloc(feeds->count + 1, sizeof *out->items)};
	if (out->items == NULL)
		return ERR_MEMORY;
	for (size_t i = 0; i < feeds->count; i++) {
		const struct config_recipient *at =
		    bundle_recipient(config, &feeds->items[i]);
		if (at == NULL)
			continue;
		struct feed_credentials *one = &out->items[out->count++];
		one->feed = &feeds->items[i];
		one->anchor = BUF_INIT(ANCHOR_MAX_BYTES);
		one->own = CERTIFICATE_NONE;
		read_one(one, at);
	}
	return OK;
}

void credentials_wipe(struct credentials *all)
{
	for (size_t i = 0; i < all->count; i++) {
		OPENSSL_cleanse(all->items[i].token, sizeof all->items[i].token);
		buf_deinit(&all->items[i].anchor);
		certificate_deinit(&all->items[i].own);
	}
	free(all->items);
	*all = (struct credentials){.count = 0};
}

const struct feed_credentials *credentials_of(
    const struct credentials *all, const struct config_feed *feed)
{
	/* What a run works with are copies of the configuration's feeds. */
	for (size_t i = 0; i < all->count; i++)
		if (strcmp(all->items[i].feed->name.text, feed->name.text) == 0)
			return &all->items[i];
	return NULL;
}
