/* Which bundle may follow which. */
#include <inttypes.h>
#include <stdio.h>

#include "base/hash.h"
#include "base/words.h"
#include "bundle/internal.h"

static bool is_known(const struct bundle *b, const struct bundle_seen *seen)
{
	/* Another key in the configuration is another beginning: a person chose it. */
	return seen->serial > 0 && sign_public_equal(&seen->key, &b->key);
}

enum err bundle_judge(const struct bundle *b, const char *sha256,
    const struct bundle_seen *seen, int64_t now_s, struct diag *why)
{
	char when[BUNDLE_TIME_BYTES];

	if (is_known(b, seen) && strcmp(b->name, seen->name) != 0) {
		diag_set(why,
		    N_("it is the bundle %s, and %s is pulled here (give it a feed "
		       "of its own)"),
		    b->name, seen->name);
		return ERR_DENIED;
	}
	if (is_known(b, seen) && b->serial < seen->serial) {
		diag_set(why,
		    N_("its serial is %" PRIu64 ", older than %" PRIu64
		       ", which was here already"),
		    b->serial, seen->serial);
		return ERR_DENIED;
	}
	if (is_known(b, seen) && b->serial == seen->serial &&
	    strcmp(sha256, seen->sha256) != 0) {
		diag_set(why, N_("serial %" PRIu64 " was here already, with other content"),
		    b->serial);
		return ERR_DENIED;
	}
	if (b->expires_s <= now_s) {
		bundle_time_text(when, b->expires_s);
		diag_set(why, N_("it has expired (%s)"), when);
		return ERR_DENIED;
	}
	return OK;
}

/* ---- the file: one line, with a checksum at its end ------------------------------------------ */

static int write_line(char *out, size_t size, const struct bundle_seen *seen)
{
	char key[SIGN_PUBLIC_TEXT];

	sign_public_text(key, &seen->key);
	return snprintf(out, size, "lachan-bundle-seen 1 %s %" PRIu64 " %s %s", seen->name,
	    seen->serial, seen->sha256, key);
}

void bundle_seen_write(char out[BUNDLE_SEEN_BYTES], const struct bundle_seen *seen)
{
	int n = write_line(out, BUNDLE_SEEN_BYTES, seen);
	struct slice line = {(const uint8_t *)out, (size_t)n};

	(void)snprintf(out + n, BUNDLE_SEEN_BYTES - (size_t)n, " %016" PRIx64 "\n",
	    checksum64(0, line));
}

enum err bundle_seen_read(struct bundle_seen *out, struct slice text)
{
	struct slice rest = text, words[6];
	struct bundle_seen seen = {.serial = 0};
	char again[BUNDLE_SEEN_BYTES];

	for (size_t i = 0; i < 6; i++) {
		if (!bundle_next_word(&rest, &words[i]))
			return ERR_FORMAT;
	}
	if (!bundle_is_word(words[2], BUNDLE_WORD_NAME) ||
	    !slice_to_u64(words[3], BUNDLE_SERIAL_MAX, &seen.serial) ||
	    !bundle_is_digest(words[4]) || sign_public_read(&seen.key, words[5]) != OK)
		return ERR_FORMAT;
	memcpy(seen.name, words[2].ptr, words[2].len);
	memcpy(seen.sha256, words[4].ptr, words[4].len);
	/* One form of each content: what is written again must be what was read. */
	bundle_seen_write(again, &seen);
	if (!slice_equal(text, slice_of(again)))
		return ERR_FORMAT;
	*out = seen;
	return OK;
}
