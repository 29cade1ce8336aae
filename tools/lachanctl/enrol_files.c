#include "lachanctl/enrol_files.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "base/words.h"
#include "kit/judge.h"
#include "kit/startup.h"
#include "lachanctl/new_file.h"
#include "lachanctl/overrides.h"

enum {
	FOLDER_MODE = 0700,
	SECRET_MODE = 0600
};

static enum err fail(struct diag *why, const char *path, enum err rc)
{
	diag_set(why, "%s: %s", path, rc == ERR_IO ? strerror(errno) : _(err_text(rc)));
	return rc;
}

/* ---- places ---- */

static bool join(char out[FILE_PATH_BYTES], const char *folder, const char *name)
{
	return path_join(out, FILE_PATH_BYTES, folder, name) == OK;
}

enum err enrol_files_open(
    struct enrol_files *f, const struct ctl *c, const struct enrolment *e, struct diag *why)
{
	unsigned char sum[EVP_MAX_MD_SIZE] = {0};
	unsigned len = 0;

	*f = (struct enrol_files){.ctl = c};
	(void)EVP_Digest(e->token, strlen(e->token), sum, &len, EVP_sha256(), NULL);
	(void)snprintf(f->key, sizeof f->key, "%s", c->config->share.signing_key.text);
	(void)snprintf(f->token_mark, sizeof f->token_mark, "%02x%02x%02x%02x", sum[0],
	    sum[1], sum[2], sum[3]);
	int n = snprintf(f->new_key, sizeof f->new_key, "%s.new-%s", f->key, f->token_mark);
	int m = snprintf(f->by, sizeof f->by, "%s.by", f->key);
	if (n < 0 || (size_t)n >= sizeof f->new_key || m < 0 || (size_t)m >= sizeof f->by ||
	    !new_file_config_folder(c, f->folder) ||
	    !join(f->secrets, f->folder, "secrets") ||
	    !join(f->overrides, f->folder, "lachan.d/overrides.yaml")) {
		diag_set(why, "%s", _(err_text(ERR_RANGE)));
		return ERR_RANGE;
	}
	/* As the gateway's own start makes them: state_dir belongs to whom it runs as. */
	return startup_make_folders(c->config, why);
}

/* Like the file or folder that stands for whom it is for. */
static bool give(int fd, const char *like)
{
	struct stat st;

	return geteuid() != 0 ||
	    (stat(like, &st) == 0 && fchown(fd, st.st_uid, st.st_gid) == 0);
}

/* Whole or not at all, with the owner of `like`. `keep`: what stood there stays beside it. */
static enum err write_like(
    const char *path, struct slice content, mode_t mode, const char *like)
{
	struct atomic_file file = ATOMIC_FILE_NONE;

	enum err rc = atomic_file_begin(&file, path, mode);
	if (rc == OK && (fchmod(file.fd, mode) != 0 || !give(file.fd, like)))
		rc = ERR_IO;
	if (rc == OK)
		rc = atomic_file_commit(&file, content);
	int kept = errno;
	atomic_file_abandon(&file);
	errno = kept;
	return rc;
}

/* ---- the key ---- */

static void folder_of(char out[FILE_PATH_BYTES], const char *path)
{
	(void)snprintf(out, FILE_PATH_BYTES, "%s", path);
	char *slash = strrchr(out, '/');
	if (slash != NULL)
		slash[slash == out] = 0;
}

static enum err make_key(struct enrol_files *f, struct sign_key *out)
{
	uint8_t random[SIGN_KEY_BYTES];
	char pem[SIGN_FILE_BYTES], folder[FILE_PATH_BYTES];

	if (getrandom(random, sizeof random, 0) != (ssize_t)sizeof random)
		return ERR_IO;
	enum err rc = sign_key_make(out, random);
	OPENSSL_cleanse(random, sizeof random);
	if (rc != OK)
		return rc;
	sign_key_write(pem, out);
	folder_of(folder, f->key);
	rc = write_like(f->new_key, slice_of(pem), SECRET_MODE, folder);
	OPENSSL_cleanse(pem, sizeof pem);
	return rc;
}

/* Whoever types the same command twice shall hear the same answer. */
static enum err read_enrolled(struct enrol_files *f, struct buf *text)
{
	struct buf by = BUF_INIT(64);

	enum err rc = file_read(f->by, &by);
	f->by_same_file =
	    rc == OK && slice_equal(slice_trim(buf_slice(&by)), slice_of(f->token_mark));
	buf_deinit(&by);
	return f->by_same_file ? file_read(f->key, text) : ERR_NOT_FOUND;
}

enum err enrol_files_key(struct enrol_files *f, struct sign_key *out, struct diag *why)
{
	struct buf text = BUF_INIT(SIGN_FILE_MAX);
	struct diag unreadable = {.text = ""};

	enum err rc = file_read(f->new_key, &text);
	if (rc == ERR_NOT_FOUND)
		rc = read_enrolled(f, &text);
	if (rc == OK)
		rc = sign_key_read(out, buf_slice(&text), &unreadable);
	/* Torn it cannot be; but what cannot be read never met the department. */
	if (rc == ERR_NOT_FOUND || rc == ERR_FORMAT) {
		f->by_same_file = false;
		rc = make_key(f, out);
	}
	if (text.ptr != NULL)
		OPENSSL_cleanse(text.ptr, text.cap);
	buf_deinit(&text);
	return rc == OK ? OK : fail(why, f->new_key, rc);
}

/* ---- secrets ---- */

static enum err write_secrets(struct enrol_files *f, const struct enrolment *e,
    const struct enrolment_answer *a, struct diag *why)
{
	char path[FILE_PATH_BYTES], line[600];
	const char *like = f->ctl->config_path;
	bool made = mkdir(f->secrets, FOLDER_MODE) == 0;

	if (!made && errno != EEXIST)
		return fail(why, f->secrets, ERR_IO);
	if (made && geteuid() == 0) {
		struct stat st;
		if (stat(like, &st) == 0 && lchown(f->secrets, st.st_uid, st.st_gid) != 0)
			return fail(why, f->secrets, ERR_IO);
	}
	(void)snprintf(
	    f->token_name, sizeof f->token_name, "secrets/%s.token", a->recipient);
	if (!join(path, f->folder, f->token_name))
		return fail(why, f->token_name, ERR_RANGE);
	(void)snprintf(line, sizeof line, "%s\n", a->token);
	enum err rc = write_like(path, slice_of(line), SECRET_MODE, like);
	OPENSSL_cleanse(line, sizeof line);
	if (rc != OK)
		return fail(why, path, rc);
	if (e->ca[0] == 0)
		return OK;
	(void)snprintf(f->ca_name, sizeof f->ca_name, "secrets/%s.ca.pem", a->recipient);
	if (!join(path, f->folder, f->ca_name))
		return fail(why, f->ca_name, ERR_RANGE);
	rc = write_like(path, slice_of(e->ca), 0644, like);
	return rc == OK ? OK : fail(why, path, rc);
}

/* ---- overrides.yaml ---- */

/* What came over the network stays one text, whatever stands in it: enrolment.c has seen that
 * it is one line. */
static void put_quoted(struct buf *out, const char *value)
{
	buf_byte(out, '"');
	for (const char *c = value; *c != 0; c++) {
		if (*c == '"' || *c == '\\')
			buf_byte(out, '\\');
		buf_byte(out, (uint8_t)*c);
	}
	buf_text(out, "\"\n");
}

static void put_text(struct buf *out, const char *key, const char *value)
{
	buf_printf(out, "%s: ", key);
	put_quoted(out, value);
}

/* The department's bundle as a feed that is called like the recipient. A key that came with the
 * file, by hand, is better than one that came over the network. */
static void write_bundle(
    struct buf *out, const struct enrolment *e, const struct enrolment_answer *a)
{
	const char *key = e->bundle_key[0] != 0 ? e->bundle_key : a->bundle_key;
	struct sign_public public;

	if (a->bundle_url[0] == 0 || sign_public_read(&public, slice_of(key)) != OK)
		return;
	buf_text(out, "filter:\n  feeds:\n    - name: \"");
	/* Feeds have no underscores in their names. */
	for (const char *c = a->recipient; *c != 0; c++)
		buf_byte(out, (uint8_t)(*c == '_' ? '-' : *c));
	buf_text(out, "\"\n      format: bundle\n      url:\n        - ");
	put_quoted(out, a->bundle_url);
	buf_text(out, "      ");
	put_text(out, "public_key", key);
	buf_text(out, "      refresh: 1h\n");
}

static void write_ours(struct buf *out, const struct enrol_files *f,
    const struct enrolment *e, const struct enrolment_answer *a)
{
	const struct config_school *school = &f->ctl->config->school;

	buf_text(out, "school:\n  ");
	put_text(out, "unit", a->unit);
	if (school->name.text[0] == 0 && a->name[0] != 0) {
		buf_text(out, "  ");
		put_text(out, "name", a->name);
	}
	buf_text(out, "share:\n  recipients:\n    - ");
	put_text(out, "name", a->recipient);
	buf_text(out, "      ");
	put_text(out, "role", a->role);
	buf_text(out, "      ");
	put_text(out, "url", a->url);
	buf_text(out, "      ");
	put_text(out, "token_file", f->token_name);
	buf_text(out, "      ");
	put_text(out, "ca_file", f->ca_name);
	write_bundle(out, e, a);
}

/* The configuration as it would be: what `lachand --check` would say of it. */
static enum err judge(const struct enrol_files *f, struct slice text, struct diag *why)
{
	struct config_bundle bundle = {0};
	struct diags all = DIAGS_NONE;
	struct config *config = NULL;
	struct buf *part = &bundle.parts[BUNDLE_OVERRIDES].text;

	enum err rc = config_bundle_read(&bundle, f->ctl->config_path, &all);
	if (rc == OK) {
		if (bundle.parts[BUNDLE_OVERRIDES].file == NULL)
			bundle.parts[BUNDLE_OVERRIDES].file = strdup(f->overrides);
		buf_deinit(part);
		*part = BUF_INIT(OVERRIDES_MAX_BYTES);
		buf_append(part, text);
		rc = buf_status(part);
	}
	if (rc == OK)
		rc = config_load_bundle(&config, &bundle, &all);
	if (rc == OK)
		judge_files(config, &all);
	if (rc == OK && all.errors > 0)
		rc = ERR_CONFIG;
	for (size_t i = 0; rc != OK && i < all.count; i++)
		if (all.items[i].level == DIAG_ERROR) {
			diag_describe(why->text, sizeof why->text, &all.items[i]);
			break;
		}
	config_free(config);
	config_bundle_deinit(&bundle);
	diags_deinit(&all);
	return rc;
}

static enum err keep_previous(const struct enrol_files *f, struct slice old)
{
	char path[FILE_PATH_BYTES];

	int n = snprintf(path, sizeof path, "%s.prev", f->overrides);
	if (old.len == 0)
		return OK;
	return n > 0 && (size_t)n < sizeof path ? write_like(path, old, 0640, f->overrides)
	                                        : ERR_RANGE;
}

static enum err replace(
    const struct enrol_files *f, struct slice old, struct slice text, struct diag *why)
{
	char folder[FILE_PATH_BYTES];
	struct stat st;
	bool there = stat(f->overrides, &st) == 0;

	folder_of(folder, f->overrides);
	if (mkdir(folder, 0755) != 0 && errno != EEXIST)
		return fail(why, folder, ERR_IO);
	enum err rc = keep_previous(f, old);
	if (rc == OK)
		rc = write_like(f->overrides, text, there ? st.st_mode & 07777 : 0644,
		    there ? f->overrides : f->ctl->config_path);
	return rc == OK ? OK : fail(why, f->overrides, rc);
}

static enum err write_overrides(const struct enrol_files *f, const struct enrolment *e,
    const struct enrolment_answer *a, struct diag *why)
{
	struct buf old = BUF_INIT(OVERRIDES_MAX_BYTES);
	struct buf ours = BUF_INIT(OVERRIDES_MAX_BYTES);
	struct buf text = BUF_INIT(OVERRIDES_MAX_BYTES);

	enum err rc = file_read(f->overrides, &old);
	if (rc != OK && rc != ERR_NOT_FOUND) {
		rc = fail(why, f->overrides, rc);
		goto done;
	}
	write_ours(&ours, f, e, a);
	rc = buf_status(&ours);
	if (rc == OK)
		rc = overrides_lay(&text, buf_slice(&old), buf_slice(&ours), why);
	if (rc == OK)
		rc = judge(f, buf_slice(&text), why);
	if (rc == OK && !slice_equal(buf_slice(&old), buf_slice(&text)))
		rc = replace(f, buf_slice(&old), buf_slice(&text), why);
done:
	buf_deinit(&old);
	buf_deinit(&ours);
	buf_deinit(&text);
	return rc;
}

enum err enrol_files_finish(struct enrol_files *f, const struct enrolment *e,
    const struct enrolment_answer *a, struct diag *why)
{
	enum err rc = write_secrets(f, e, a, why);

	if (rc == OK)
		rc = write_overrides(f, e, a, why);
	if (rc != OK || f->by_same_file)
		return rc;
	char folder[FILE_PATH_BYTES];
	folder_of(folder, f->key);
	rc = write_like(f->by, slice_of(f->token_mark), SECRET_MODE, folder);
	if (rc != OK)
		return fail(why, f->by, rc);
	if (rename(f->new_key, f->key) != 0 || file_sync_folder(f->key) != OK)
		return fail(why, f->key, ERR_IO);
	return OK;
}
