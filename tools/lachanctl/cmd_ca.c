/* ca: the school's own certificate authority, for pages.ca. */
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/words.h"
#include "kit/mint.h"
#include "lachanctl/new_file.h"
#include "lachanctl/say.h"

enum {
	CA_YEARS = 10, /* as long as the computers that trust it */
	CA_TEXT_BYTES = 8192
};

/* What was made, and where. */
struct made {
	char folder[FILE_PATH_BYTES];
	char certificate[FILE_PATH_BYTES];
	char key[FILE_PATH_BYTES];
	char print[MINT_PRINT_BYTES];
	char until[32];
	bool beside_config; /* the configuration can name them by "secrets/…" */
};

static bool join(char out[FILE_PATH_BYTES], const char *folder, const char *name)
{
	return path_join(out, FILE_PATH_BYTES, folder, name) == OK;
}

static bool choose_paths(const struct ctl *c, struct made *made)
{
	char beside[FILE_PATH_BYTES];

	if (c->argc > 1) {
		int n = snprintf(made->folder, sizeof made->folder, "%s", c->argv[1]);
		if (n < 0 || (size_t)n >= sizeof made->folder)
			return false;
	} else {
		made->beside_config = true;
		if (!new_file_config_folder(c, beside) ||
		    !join(made->folder, beside, "secrets"))
			return false;
	}
	return join(made->certificate, made->folder, "ca.pem") &&
	    join(made->key, made->folder, "ca.key");
}

/* As root: whom the gateway runs as, since a service manager may start it as that user; where
 * there is no such user, who owns the folder above. */
static bool find_owner(const struct ctl *c, const char *folder, struct new_file_owner *out)
{
	char above[FILE_PATH_BYTES];
	struct stat st;
	const char *user = c->config == NULL ? "" : c->config->server.user.text;
	const struct passwd *entry = user[0] == 0 ? NULL : getpwnam(user);

	if (entry != NULL) {
		*out = (struct new_file_owner){entry->pw_uid, entry->pw_gid};
		return true;
	}
	(void)snprintf(above, sizeof above, "%s", folder);
	char *slash = strrchr(above, '/');
	if (slash != NULL)
		slash[slash == above] = 0;
	if (stat(slash == NULL ? "." : above, &st) != 0)
		return false;
	*out = (struct new_file_owner){st.st_uid, st.st_gid};
	return true;
}

/* By the folder that we opened, and only while it is root's as we made it: in a folder of
 * another user the name could have become a link to somebody's folder meanwhile. */
static bool give_folder(const char *folder, const struct new_file_owner *owner)
{
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;

	if (fd < 0)
		return false;
	errno = EPERM;
	bool given = fstat(fd, &st) == 0 && st.st_uid == geteuid() &&
	    fchown(fd, owner->uid, owner->gid) == 0;
	int kept = errno;
	(void)close(fd);
	errno = kept;
	return given;
}

static bool make_folder(const char *folder, const struct new_file_owner *owner)
{
	if (mkdir(folder, 0700) != 0)
		return errno == EEXIST;
	return owner == NULL || give_folder(folder, owner);
}

/* The key first: without it a certificate is worth nothing. */
static enum err write_both(const struct made *made, const struct certificate *ca,
    const struct new_file_owner *owner, const char **which)
{
	struct buf key = BUF_INIT(CA_TEXT_BYTES);
	struct buf certificate = BUF_INIT(CA_TEXT_BYTES);

	*which = made->key;
	enum err rc = mint_key_text(&key, ca->key);
	if (rc == OK)
		rc = mint_certificate_text(&certificate, ca->own);
	if (rc == OK && access(made->certificate, F_OK) == 0) {
		*which = made->certificate;
		rc = ERR_EXISTS;
	}
	if (rc == OK)
		rc = new_file_write(made->key, buf_slice(&key), 0600, owner);
	if (rc == OK) {
		*which = made->certificate;
		rc =
		    new_file_write(made->certificate, buf_slice(&certificate), 0644, owner);
		if (rc != OK)
			(void)unlink(made->key);
	}
	if (key.ptr != NULL)
		explicit_bzero(key.ptr, key.cap);
	buf_deinit(&key);
	buf_deinit(&certificate);
	return rc;
}

static void describe(struct made *made, const struct certificate *ca)
{
	struct tm end;

	(void)mint_fingerprint(made->print, ca->own);
	if (ASN1_TIME_to_tm(X509_get0_notAfter(ca->own), &end) == 1)
		(void)strftime(made->until, sizeof made->until, "%Y-%m-%d", &end);
}

static void say(const struct made *made)
{
	const char *certificate =
	    made->beside_config ? "secrets/ca.pem" : made->certificate;
	char until[SAY_BYTES];
	const char *key = made->beside_config ? "secrets/ca.key" : made->key;

	say_day(until, made->until);
	printf(_("The school's own CA is made, valid until %s:\n"), until);
	printf("  %s\n  %s\n", made->certificate, made->key);
	printf(_("Its SHA-256 fingerprint, to compare on the school's computers:\n"));
	printf("  %s\n", made->print);
	printf(_(
	    "Add to lachan.yaml, then restart the gateway (systemctl restart lachan):\n"));
	printf("  pages:\n    listen_tls: [\"0.0.0.0:443\", \"[::]:443\"]\n"
	       "    ca: {certificate: %s, key: %s}\n",
	    certificate, key);
	printf("%s\n",
	    _("Whoever has the key can pose as any site to computers that trust this CA: keep "
	      "it on the gateway alone. Install the certificate on computers the school owns "
	      "(lachanctl client-kit windows DIR), never on a pupil's own device."));
}

static enum ctl_status make(struct ctl *c, struct made *made)
{
	struct certificate ca = CERTIFICATE_NONE;
	const char *which = made->folder;
	const char *school = c->config == NULL ? "" : c->config->school.name.text;

	struct new_file_owner found;
	const struct new_file_owner *owner = geteuid() == 0 ? &found : NULL;

	if ((owner != NULL && !find_owner(c, made->folder, &found)) ||
	    !make_folder(made->folder, owner))
		return ctl_fail(c, CTL_FAILED, "%s: %s", made->folder, strerror(errno));
	enum err rc = mint_ca(&ca, school, CA_YEARS, (int64_t)time(NULL));
	if (rc == OK)
		rc = write_both(made, &ca, owner, &which);
	if (rc == OK)
		describe(made, &ca);
	certificate_deinit(&ca);
	if (rc == ERR_EXISTS)
		return ctl_fail(c, CTL_FAILED,
		    _("%s is there already, and computers may trust it; nothing was changed "
		      "(for a new CA, move it away first)"),
		    which);
	if (rc != OK)
		return ctl_fail(c, CTL_FAILED, "%s: %s", which,
		    rc == ERR_IO ? strerror(errno) : _(err_text(rc)));
	return CTL_DONE;
}

enum ctl_status command_ca(struct ctl *c)
{
	struct made made = {.beside_config = false};

	if (c->argc < 1 || c->argc > 2 || strcmp(c->argv[0], "make") != 0)
		return ctl_usage(c, "ca make [DIR] [--json]");
	if (!choose_paths(c, &made))
		return ctl_fail(c, CTL_USAGE, "%s",
		    _("say where: ca make DIR, or which configuration: -c FILE"));
	enum ctl_status status = make(c, &made);
	if (status != CTL_DONE)
		return status;
	if (c->json)
		return ctl_print_json(
		    json_pack("{s:s,s:s,s:s,s:s}", "certificate", made.certificate, "key",
		        made.key, "fingerprint", made.print, "until", made.until));
	say(&made);
	return CTL_DONE;
}
