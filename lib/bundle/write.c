/* Putting a manifest together, and signing it. */
#include <inttypes.h>

#include "bundle/internal.h"

static void write_tiers(
    struct buf *out, const char *keyword, const struct bundle_tier *tiers, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		buf_printf(out, "%s %s", keyword, tiers[i].tier);
		for (size_t k = 0; k < tiers[i].count; k++)
			buf_printf(out, " %s", tiers[i].categories[k]);
		buf_text(out, "\n");
	}
}

static void write_lines(struct buf *out, const struct bundle *b)
{
	char created[BUNDLE_TIME_BYTES], expires[BUNDLE_TIME_BYTES], name[NAME_TEXT_MAX];

	bundle_time_text(created, b->created_s);
	bundle_time_text(expires, b->expires_s);
	buf_printf(out,
	    BUNDLE_MAGIC "name %s\nserial %" PRIu64 "\ncreated %s\nexpires %s\n", b->name,
	    b->serial, created, expires);
	if (b->title[0] != 0)
		buf_printf(out, "title %s\n", b->title);
	write_tiers(out, "mandatory", b->mandatory, b->mandatory_count);
	write_tiers(out, "block", b->block, b->block_count);
	for (size_t i = 0; i < b->never_block_count; i++) {
		name_to_text(name, b->never_block[i]);
		buf_printf(out, "never-block %s\n", name);
	}
	for (size_t i = 0; i < b->feed_count; i++) {
		const struct bundle_feed *f = &b->feeds[i];
		buf_printf(out, "feed %s %s %s %s %s %s %s\n",
		    f->required ? "required" : "offered", f->name, f->category, f->format,
		    f->exact ? "exact" : "subtree", f->sha256[0] != 0 ? f->sha256 : "-",
		    f->url);
	}
	for (size_t i = 0; i < b->list_count; i++) {
		buf_printf(out, "list %s %s %" PRIu64 "\n", b->lists[i].name,
		    b->lists[i].category, b->lists[i].entries);
	}
	buf_printf(out, "lists %" PRIu64 " %s\n", b->lists_bytes, b->lists_sha256);
}

enum err bundle_write(
    const struct bundle *b, const struct sign_key *key, struct buf *out, struct diag *why)
{
	struct buf made = BUF_INIT(BUNDLE_MANIFEST_MAX);
	struct sign_value value;
	struct bundle again;
	char public[SIGN_PUBLIC_TEXT], signature[SIGN_VALUE_TEXT];
	const struct sign_public whose = sign_public_of(key);

	write_lines(&made, b);
	enum err rc = buf_status(&made);
	if (rc == OK)
		rc = sign_bytes(&value, key, buf_slice(&made));
	if (rc == OK) {
		sign_public_text(public, &whose);
		sign_value_text(signature, &value);
		buf_printf(&made, "signature %s %s\n", public, signature);
		rc = buf_status(&made);
	}
	/* What schools would refuse must not leave: it is read as they read it. */
	if (rc == OK)
		rc = bundle_read(&again, buf_slice(&made), why);
	if (rc == OK) {
		rc = bundle_verify(&again, buf_slice(&made), &whose, why);
		bundle_deinit(&again);
	}
	if (rc == OK) {
		buf_append(out, buf_slice(&made));
		rc = buf_status(out);
	}
	buf_deinit(&made);
	return rc;
}
