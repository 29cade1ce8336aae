/* The key that the department signs its bundles with. */
#include <errno.h>
#include <string.h>
#include <sys/random.h>

#include <openssl/crypto.h>

#include "base/file.h"
#include "base/words.h"
#include "district/bundles.h"

static enum err make_key(struct sign_key *out, const char *path, struct diag *why)
{
	uint8_t random[SIGN_KEY_BYTES];
	char text[SIGN_FILE_BYTES];

	if (getrandom(random, sizeof random, 0) != (ssize_t)sizeof random) {
		diag_set(why, "%s", strerror(errno));
		return ERR_IO;
	}
	enum err rc = sign_key_make(out, random);
	if (rc == OK) {
		sign_key_write(text, out);
		rc = file_write_atomic(path, slice_of(text), 0600);
		if (rc != OK)
			diag_set(why, "%s: %s", path, strerror(errno));
	}
	OPENSSL_cleanse(random, sizeof random);
	OPENSSL_cleanse(text, sizeof text);
	return rc;
}

enum err bundle_key_read(struct sign_key *out, const char *state_dir,
    enum bundle_key_want want, struct diag *why)
{
	char path[FILE_PATH_BYTES];
	struct buf pem = BUF_INIT(SIGN_FILE_MAX);

	enum err rc = path_join(path, sizeof path, state_dir, "bundle.key");
	if (rc == OK)
		rc = file_read(path, &pem);
	if (rc == OK)
		rc = sign_key_read(out, buf_slice(&pem), why);
	else if (rc == ERR_NOT_FOUND && want == BUNDLE_KEY_MADE)
		rc = make_key(out, path, why);
	else if (rc == ERR_NOT_FOUND)
		diag_set(
		    why, _("there is no key yet: the first `bundle publish` makes it"));
	else
		diag_set(why, "%s: %s", path, err_text(rc));
	if (pem.ptr != NULL)
		OPENSSL_cleanse(pem.ptr, pem.len);
	buf_deinit(&pem);
	return rc;
}
