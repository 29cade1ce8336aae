/* client-kit: what computers that the school owns need, as a folder to carry to them. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <openssl/evp.h>

#include "base/words.h"
#include "kit/mint.h"
#include "lachanctl/client_kit.h"
#include "lachanctl/new_file.h"

enum {
	URL_BYTES = NAME_TEXT_MAX + 16,
	THUMBPRINT_BYTES = 41
};

static const char CERTIFICATE_NAME[] = "lachan-ca.cer";

/* In the order in which a person needs them. */
static const char *const FILES[] = {"README.txt", "cai-dat.cmd", "go-bo.cmd", "lachan.reg",
    "lachan-go-bo.reg", "La Chan.url", "firefox-policies.json"};

struct kit {
	struct client_kit facts;
	char url[URL_BYTES];
	char print[MINT_PRINT_BYTES];
	char thumbprint[THUMBPRINT_BYTES];
	struct certificate ca; /* own NULL: without one */
	char templates[FILE_PATH_BYTES];
};

static bool find_templates(const struct ctl *c, char out[FILE_PATH_BYTES])
{
	char data[FILE_PATH_BYTES];
	const char *folder = data;

	if (c->config != NULL)
		folder = c->config->server.data_dir.text;
	else if (config_data_dir(data, sizeof data) != OK)
		return false;
	return path_join(out, FILE_PATH_BYTES, folder, "client-kit/windows") == OK;
}

/* The CA of the configuration; else the one that `ca make` has put beside it. */
static bool find_ca(const struct ctl *c, char out[FILE_PATH_BYTES])
{
	char folder[FILE_PATH_BYTES];
	struct stat st;

	if (c->config != NULL && c->config->pages.ca.file.text[0] != 0) {
		int n = snprintf(out, FILE_PATH_BYTES, "%s", c->config->pages.ca.file.text);
		return n > 0 && n < FILE_PATH_BYTES;
	}
	return new_file_config_folder(c, folder) &&
	    path_join(out, FILE_PATH_BYTES, folder, "secrets/ca.pem") == OK &&
	    stat(out, &st) == 0;
}

static bool make_thumbprint(char out[THUMBPRINT_BYTES], const X509 *certificate)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned len = 0;

	if (X509_digest(certificate, EVP_sha1(), digest, &len) != 1 || len != 20)
		return false;
	for (unsigned i = 0; i < len; i++)
		(void)snprintf(out + (size_t)i * 2, 3, "%02x", digest[i]);
	return true;
}

static enum ctl_status read_ca(const struct ctl *c, struct kit *kit)
{
	char path[FILE_PATH_BYTES];
	struct diag why = {.text = ""};

	if (!find_ca(c, path))
		return CTL_DONE;
	enum err rc = certificate_read_chain(&kit->ca, path, &why);
	if (rc != OK)
		return ctl_fail(
		    c, CTL_FAILED, "%s", why.text[0] != 0 ? why.text : _(err_text(rc)));
	if (!mint_fingerprint(kit->print, kit->ca.own) ||
	    !make_thumbprint(kit->thumbprint, kit->ca.own))
		return ctl_fail(c, CTL_FAILED, "%s", _(err_text(ERR_MEMORY)));
	kit->facts.fingerprint = kit->print;
	kit->facts.thumbprint = kit->thumbprint;
	return CTL_DONE;
}

/* By https where these computers will find it there. */
static void make_url(const struct ctl *c, struct kit *kit)
{
	const struct config_pages *pages = c->config == NULL ? NULL : &c->config->pages;
	const char *name = pages == NULL ? "lachan.internal" : pages->portal.name.text;
	bool secure = pages != NULL && pages->listen_tls.count > 0;

	(void)snprintf(
	    kit->url, sizeof kit->url, "%s://%s/", secure ? "https" : "http", name);
	kit->facts.portal_url = kit->url;
}

static enum ctl_status fail_at(const struct ctl *c, const char *path, enum err rc)
{
	if (rc == ERR_EXISTS)
		return ctl_fail(c, CTL_FAILED,
		    _("%s is there already (name a folder that is new or empty)"), path);
	return ctl_fail(c, CTL_FAILED, "%s: %s", path,
	    rc == ERR_IO && errno != 0 ? strerror(errno) : _(err_text(rc)));
}

static enum ctl_status write_file(
    const struct ctl *c, const struct kit *kit, const char *folder, const char *name)
{
	char from[FILE_PATH_BYTES];
	char to[FILE_PATH_BYTES];
	struct buf text = BUF_INIT(CLIENT_KIT_FILE_BYTES);
	struct buf made = BUF_INIT(2 * CLIENT_KIT_FILE_BYTES);

	errno = 0;
	enum err rc = path_join(from, sizeof from, kit->templates, name);
	if (rc == OK)
		rc = path_join(to, sizeof to, folder, name);
	const char *which = from;
	if (rc == OK)
		rc = file_read(from, &text);
	if (rc == OK)
		rc = client_kit_write(&made, &kit->facts, name, buf_slice(&text));
	if (rc == OK) {
		which = to;
		rc = new_file_write(to, buf_slice(&made), 0644, NULL);
	}
	buf_deinit(&text);
	buf_deinit(&made);
	return rc == OK ? CTL_DONE : fail_at(c, which, rc);
}

static enum ctl_status write_certificate(
    const struct ctl *c, const struct kit *kit, const char *folder)
{
	char to[FILE_PATH_BYTES];
	struct buf text = BUF_INIT(CLIENT_KIT_FILE_BYTES);

	if (kit->ca.own == NULL)
		return CTL_DONE;
	enum err rc = path_join(to, sizeof to, folder, CERTIFICATE_NAME);
	if (rc == OK)
		rc = mint_certificate_text(&text, kit->ca.own);
	if (rc == OK)
		rc = new_file_write(to, buf_slice(&text), 0644, NULL);
	buf_deinit(&text);
	return rc == OK ? CTL_DONE : fail_at(c, to, rc);
}

static bool is_empty_folder(const char *path)
{
	DIR *folder = opendir(path);
	unsigned entries = 0;

	while (folder != NULL && readdir(folder) != NULL)
		entries++;
	if (folder != NULL)
		(void)closedir(folder);
	return folder != NULL && entries <= 2; /* "." and ".." */
}

static enum ctl_status write_all(
    const struct ctl *c, const struct kit *kit, const char *folder)
{
	if (mkdir(folder, 0755) != 0 && errno != EEXIST)
		return fail_at(c, folder, ERR_IO);
	if (!is_empty_folder(folder))
		return fail_at(c, folder, ERR_EXISTS);
	enum ctl_status status = write_certificate(c, kit, folder);
	for (size_t i = 0; status == CTL_DONE && i < COUNT_OF(FILES); i++)
		status = write_file(c, kit, folder, FILES[i]);
	return status;
}

static enum ctl_status say(const struct ctl *c, const struct kit *kit, const char *folder)
{
	if (c->json) {
		json_t *files = json_array();
		for (size_t i = 0; i < COUNT_OF(FILES); i++)
			(void)json_array_append_new(files, json_string(FILES[i]));
		if (kit->ca.own != NULL)
			(void)json_array_append_new(files, json_string(CERTIFICATE_NAME));
		return ctl_print_json(json_pack("{s:s,s:o,s:b}", "folder", folder, "files",
		    files, "ca", kit->ca.own != NULL));
	}
	printf(
	    _("The kit for the school's Windows computers is in %s; README.txt there says "
	      "how.\n"),
	    folder);
	if (kit->ca.own == NULL)
		printf("%s\n",
		    _("There is no CA of the school yet: this kit switches browsers' own DNS "
		      "off and puts the shortcut, and leaves trust as it is (lachanctl ca "
		      "make)."));
	printf("%s\n", _("For computers the school owns, never for a pupil's own device."));
	return CTL_DONE;
}

enum ctl_status command_client_kit(struct ctl *c)
{
	struct kit kit = {.ca = CERTIFICATE_NONE};

	if (c->argc != 2 || strcmp(c->argv[0], "windows") != 0)
		return ctl_usage(c, "client-kit windows DIR [--json]");
	kit.facts.school = c->config == NULL || c->config->school.name.text[0] == 0
	    ? "-"
	    : c->config->school.name.text;
	make_url(c, &kit);
	if (!find_templates(c, kit.templates))
		return ctl_fail(c, CTL_FAILED, "%s", _(err_text(ERR_NOT_FOUND)));
	enum ctl_status status = read_ca(c, &kit);
	if (status == CTL_DONE)
		status = write_all(c, &kit, c->argv[1]);
	if (status == CTL_DONE)
		status = say(c, &kit, c->argv[1]);
	certificate_deinit(&kit.ca);
	return status;
}
