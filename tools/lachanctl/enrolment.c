#include "lachanctl/enrolment.h"

#include <errno.h>
#include <string.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/text.h"
#include "base/words.h"
#include "kit/json_memory.h"

#define FORMAT "lachan-enrolment"

static const char *text(const json_t *object, const char *key)
{
	const char *value = json_string_value(json_object_get(object, key));

	return value == NULL ? "" : value;
}

/* Of names that become part of paths and of YAML. */
static bool is_name(const char *word, const char *letters, size_t max)
{
	size_t len = strlen(word);

	return len > 0 && len <= max && word[0] != '.' && strspn(word, letters) == len;
}

static bool is_unit(const char *unit)
{
	return is_name(
	    unit, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-", 64);
}

static bool is_one_line(const char *line)
{
	for (const unsigned char *c = (const unsigned char *)line; *c != 0; c++)
		if (*c < ' ' || *c == 0x7f)
			return false;
	return true;
}

/* ---- the file ---- */

static enum err judge(const struct enrolment *e, const char *today, struct diag *why)
{
	const char *version = text(e->root, "version");

	if (strcmp(text(e->root, "format"), FORMAT) != 0) {
		diag_set(why,
		    _("this is no enrolment file (the department makes one for each school)"));
		return ERR_FORMAT;
	}
	if (strncmp(version, "1.", 2) != 0) {
		diag_set(why,
		    _("this enrolment file is of version %s, which this release does not know "
		      "(update Lá Chắn, or ask for one of version 1)"),
		    is_one_line(version) && strlen(version) < 20 ? version : "?");
		return ERR_FORMAT;
	}
	if (!is_unit(e->unit) || e->url[0] == 0 || e->token[0] == 0 ||
	    !is_one_line(e->token) || !is_one_line(e->url) || !is_one_line(e->name)) {
		diag_set(why, _("this enrolment file is damaged (ask for it once more)"));
		return ERR_FORMAT;
	}
	/* Days compare as texts do. */
	if (today[0] != 0 && e->expires[0] != 0 && strncmp(e->expires, today, 10) < 0) {
		diag_set(why,
		    _("this enrolment file ran out on %.10s (ask the department for a new "
		      "one)"),
		    e->expires);
		return ERR_CLOSED;
	}
	return OK;
}

/* In the clear on this machine alone: a demo, or a test. */
static bool is_private(const char *url)
{
	static const char *const starts[] = {
	    "https://", "http://127.", "http://localhost", "http://[::1]"};

	for (size_t i = 0; i < COUNT_OF(starts); i++)
		if (strncmp(url, starts[i], strlen(starts[i])) == 0)
			return true;
	return false;
}

enum err enrolment_read(
    struct enrolment *out, const char *path, const char *today, struct diag *why)
{
	struct buf content = BUF_INIT(ENROLMENT_FILE_MAX);
	struct enrolment e = {.root = NULL};

	enum err rc = file_read(path, &content);
	if (rc != OK) {
		diag_set(
		    why, "%s: %s", path, rc == ERR_IO ? strerror(errno) : _(err_text(rc)));
		buf_deinit(&content);
		return rc;
	}
	e.root = json_loadb(
	    (const char *)content.ptr, content.len, JSON_REJECT_DUPLICATES, NULL);
	buf_deinit(&content);
	e.unit = text(e.root, "unit");
	e.name = text(e.root, "name");
	e.url = text(e.root, "url");
	e.ca = text(e.root, "ca");
	e.token = text(e.root, "token");
	e.expires = text(e.root, "expires");
	e.bundle_key = text(e.root, "bundle-key");
	rc = judge(&e, today, why);
	if (rc == OK && !is_private(e.url)) {
		diag_set(why,
		    _("the address in this enrolment file is not of https: %s (tell the "
		      "department)"),
		    e.url);
		rc = ERR_FORMAT;
	}
	if (rc == OK)
		*out = e;
	else
		json_decref(e.root);
	return rc;
}

void enrolment_free(struct enrolment *e)
{
	json_decref(e->root); /* kit/json_memory.h wipes it */
	e->root = NULL;
}

/* ---- the answer ---- */

static enum err refuse(json_int_t status, const json_t *answer, struct diag *why)
{
	char said[200];

	text_printable(said, sizeof said, slice_of(text(answer, "error")));
	if (status == 401)
		diag_set(why,
		    _("the department does not know this enrolment file (ask for a new one)"));
	else if (status == 403)
		diag_set(why,
		    _("this enrolment file ran out, was withdrawn, or has enrolled another "
		      "gateway (ask the department for a new one)"));
	else if (status == 429 || status >= 500)
		diag_set(why,
		    _("the department is busy just now (%d); run the same command again in a "
		      "few minutes, nothing is lost"),
		    (int)status);
	else
		diag_set(why, _("the department answered %d: %.200s"), (int)status, said);
	return status == 429 || status >= 500 ? ERR_AGAIN : ERR_DENIED;
}

static bool is_whole(const struct enrolment_answer *a)
{
	return is_unit(a->unit) &&
	    is_name(a->recipient, "abcdefghijklmnopqrstuvwxyz0123456789_-", 63) &&
	    is_name(a->role, "abcdefghijklmnopqrstuvwxyz_", 63) && a->url[0] != 0 &&
	    a->token[0] != 0 && is_one_line(a->url) && is_one_line(a->token) &&
	    is_one_line(a->name) && is_one_line(a->bundle_url) && strlen(a->token) < 500;
}

static enum err take(struct enrolment_answer *out, const struct enrolment *asked,
    json_t *answer, struct diag *why)
{
	const json_t *recipient = json_object_get(answer, "recipient");
	const json_t *bundle = json_object_get(answer, "bundle");
	const struct enrolment_answer a = {.root = answer,
	    .unit = text(answer, "unit"),
	    .name = text(answer, "name"),
	    .recipient = text(recipient, "name"),
	    .role = text(recipient, "role"),
	    .url = text(recipient, "url"),
	    .token = text(recipient, "token"),
	    .bundle_url = text(bundle, "url"),
	    .bundle_key = text(bundle, "public-key")};

	if (!is_whole(&a) || strcmp(a.unit, asked->unit) != 0) {
		diag_set(why,
		    _("the department's answer cannot be used (is the address of "
		      "the enrolment file right?)"));
		return ERR_FORMAT;
	}
	*out = a;
	(void)json_incref(answer);
	return OK;
}

enum err enrolment_take_answer(struct enrolment_answer *out, const struct enrolment *asked,
    struct slice printed, struct diag *why)
{
	json_t *root = printed.len == 0 ? NULL
	                                : json_loadb((const char *)printed.ptr, printed.len,
	                                      JSON_DISABLE_EOF_CHECK, NULL);
	json_int_t status = json_integer_value(json_object_get(root, "status"));
	json_t *answer = json_object_get(root, "answer");
	enum err rc;

	if (status == 0) {
		diag_set(why,
		    _("the department could not be reached: %.300s (run the same command again, "
		      "nothing is lost)"),
		    text(root, "error")[0] != 0 ? text(root, "error") : "lachan-share");
		rc = ERR_AGAIN;
	} else if (status == 200 || status == 201) {
		rc = take(out, asked, answer, why);
	} else {
		rc = refuse(status, answer, why);
	}
	json_decref(root);
	return rc;
}

void enrolment_answer_free(struct enrolment_answer *a)
{
	json_decref(a->root);
	a->root = NULL;
}
