/* certificates -- certificates and private keys from PEM files, and whether they will do.
 *
 * The configuration names pairs: the school's own CA (pages.ca), the portal's certificate,
 * and what recipients of summaries are shown (share.recipients). Whoever starts a gateway hears of everything that is wrong with them, each at
 * its line; who only uses a pair reads it here. Nobody is ever asked for a passphrase: a
 * locked key is a mistake, since a gateway starts alone after a power cut.
 * Threads: no shared state. */
#ifndef KIT_CERTIFICATES_H
#define KIT_CERTIFICATES_H

#include <stdbool.h>

#include <openssl/x509.h>

#include "base/diag.h"
#include "base/err.h"

struct config;             /* conf/config.h */
struct config_certificate; /* conf/config.h */

enum {
	CERTIFICATE_FILE_MAX_BYTES = 64 * 1024,
	CERTIFICATE_CHAIN_MAX = 8
};

/* Owned by whoever read it. */
struct certificate {
	X509 *own;
	STACK_OF(X509) * chain; /* what stands behind it in the file; may be empty */
	EVP_PKEY *key;
};

#define CERTIFICATE_NONE ((struct certificate){NULL, NULL, NULL})

/* Reads the pair; the key is the certificate's own. ERR_NOT_FOUND (no such file),
 * ERR_DENIED (not ours to read), ERR_FORMAT, ERR_MEMORY, each with *why naming the file and
 * what to do; *bad_key tells whether the key's file is to blame. *out is untouched then. */
MUST_CHECK enum err certificate_read(struct certificate *out,
    const struct config_certificate *files, bool *bad_key, struct diag *why);
/* The certificates of one file alone, for who has no business with the key (which is NULL). */
MUST_CHECK enum err certificate_read_chain(
    struct certificate *out, const char *path, struct diag *why);
void certificate_deinit(struct certificate *c);

/* For OpenSSL's readers of PEM in place of its own, which asks on the terminal when a text says
 * that it is locked: there is none. */
int certificate_no_passphrase(char *out, int size, int writing, void *context);

/* Everything wrong with the files that `config` names, as mistakes at their lines: missing,
 * unreadable, no PEM, a key that is another's or that others may read, a CA that is none, a
 * portal certificate of another name. What time alone has done to them (it ran out) is a
 * warning: names must resolve after a restart, whatever has become of a certificate. */
void certificates_judge(const struct config *config, struct diags *all);

#endif
