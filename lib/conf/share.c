/* To whom summaries go, and when: the keys of `share`, and what is wrong between them. */
#include <stdio.h>

#include "base/words.h"
#include "conf/internal.h"

enum {
	HTTPS_PORT = 443,
	HTTP_PORT = 80,
	HOUR_MS = 3600 * 1000,
	DAY_MS = 24 * HOUR_MS,
	RECIPIENTS_MAX = 16
};

/* ---- the keys --------------------------------------------------------------------------- */

static const char *const ROLES[] = {
    "education", "ict", "police", "child_affairs", "youth_union", NULL};
static const char *const APPROVE[] = {"first", "each", "never", NULL};

#define AT(member) offsetof(struct config_recipient, member)
static const struct schema_row CLIENT_CERTIFICATE_ROWS[] = {
    {"file", &SCHEMA_TEXT, AT(client_certificate.file), "\"\"",
        .help = "the certificate chain, PEM", .max = 500},
    {"key", &SCHEMA_TEXT, AT(client_certificate.key), "\"\"",
        .help = "its private key, PEM, 0600", .max = 500},
    {.name = NULL}};

static const struct schema_row RECIPIENT_ROWS[] = {
    {"name", &VALUE_WORD, AT(name), "so-gddt", .help = "its word here",
        .flags = SCHEMA_MANDATORY},
    {"role", &SCHEMA_ENUM, AT(role), "education", .help = "for whom it receives",
        .words = ROLES},
    {"url", &VALUE_SHARE_URL, AT(url), "https://thu.lachan.example/v1/summaries",
        .help = "where documents go; http only to this machine itself",
        .flags = SCHEMA_MANDATORY},
    {"token_file", &SCHEMA_TEXT, AT(token_file), "\"\"",
        .help = "a file with one line: the bearer token; 0600", .max = 500,
        .sample = "secrets/so-gddt.token"},
    {"ca_file", &SCHEMA_TEXT, AT(ca_file), "\"\"",
        .help = "the only trust anchors for it, PEM; \"\" = the system's", .max = 500},
    {"client_certificate", &SCHEMA_MAP, 0, .help = "instead of a token, or with one",
        .rows = CLIENT_CERTIFICATE_ROWS},
    {.name = NULL}};
#undef AT

#define AT(member) offsetof(struct config_share, member)
const struct schema_row SHARE_ROWS[] = {
    {"recipients", &SCHEMA_LIST, AT(recipients), "[]",
        .help = "without recipients summaries wait in the outbox", .item = &SCHEMA_MAP,
        .rows = RECIPIENT_ROWS, .item_size = sizeof(struct config_recipient),
        .max_items = RECIPIENTS_MAX},
    {"approve", &SCHEMA_ENUM, AT(approve), "first",
        .help = "whose yes a summary needs (an approver's)", .words = APPROVE},
    {"hold", &SCHEMA_DURATION, AT(hold_ms), "0s",
        .help = "time between the day's end and leaving", .max = 31 * (uint64_t)DAY_MS},
    {"delay", &SCHEMA_DURATION, AT(delay_ms), "4h",
        .help = "summaries leave at a random moment within this time", .max = DAY_MS},
    {"signing_key", &SCHEMA_TEXT, AT(signing_key), "\"\"",
        .help = "\"\" = state_dir/signing.key, made by `lachanctl enrol`", .max = 500},
    {"keep_unsent", &SCHEMA_DURATION, AT(keep_unsent_ms), "400d",
        .help = "documents that nobody took go after this", .min = DAY_MS,
        .max = 3660 * (uint64_t)DAY_MS},
    {.name = NULL}};
#undef AT

/* ---- where they go ---------------------------------------------------------------------- */

static bool is_here(const char *host)
{
	struct addr addr;

	return strcmp(host, "localhost") == 0 ||
	    (addr_from_text(&addr, slice_of(host), NULL) == OK && addr_is_loopback(&addr));
}

/* "HOST[:PORT]/PATH" behind the scheme; no user, no query, no fragment. */
static bool read_place(
    struct schema_run *run, const char *rest, struct config_share_url *url)
{
	size_t len = strcspn(rest, "/");

	return rest[len] == '/' && strpbrk(rest, "@?#\\\"") == NULL &&
	    value_read_host(
	        run, (struct slice){(const uint8_t *)rest, len}, &url->host, &url->port);
}

static bool read_share_url(struct schema_run *run, const struct schema_row *row,
    const struct yaml_node *value, void *out)
{
	struct config_share_url url = {
	    .host = "", .port = HTTPS_PORT, .tls = true, .mark = value->mark};
	const char *rest = NULL;

	const char *text = schema_scalar(run, row, value);
	if (text == NULL)
		return false;
	if (strncmp(text, "https://", 8) == 0) {
		rest = text + 8;
	} else if (strncmp(text, "http://", 7) == 0) {
		rest = text + 7;
		url.tls = false;
		url.port = HTTP_PORT;
	}
	if (rest == NULL || !value_is_printable(text) || strlen(text) > 500 ||
	    !read_place(run, rest, &url)) {
		schema_mistake(run, value->mark,
		    _("'%s' receives no summaries (write https://HOST/v1/summaries; a token "
		      "belongs into token_file)"),
		    text);
		return false;
	}
	if (!url.tls && !is_here(url.host)) {
		schema_mistake(run, value->mark,
		    _("'%s' would carry summaries and the token in plain text (write "
		      "https://; http is for this machine itself: 127.0.0.1, [::1], "
		      "localhost)"),
		    text);
		return false;
	}
	url.text = text;
	memcpy(out, &url, sizeof url);
	return true;
}

const struct schema_type VALUE_SHARE_URL = {
    "https URL", read_share_url, sizeof(struct config_share_url), false};

/* ---- what only the whole list can tell -------------------------------------------------- */

static void check_recipient(struct loader *l, const struct config_recipient *one)
{
	const struct config_certificate *pair = &one->client_certificate;

	config_check_pair(l, pair, "client_certificate.file", "client_certificate.key");
	if (one->url.text == NULL)
		return; /* its mistake is told */
	if (one->token_file.text[0] == 0 && pair->file.text[0] == 0)
		schema_mistake(&l->run, one->url.mark,
		    _("recipient '%s' would not know who sends (name the file with our token "
		      "in token_file, or a client_certificate)"),
		    one->name.text);
	if (!one->url.tls && pair->file.text[0] != 0)
		schema_mistake(&l->run, pair->file.mark,
		    _("'client_certificate' is for https (leave it out)"));
	if (!one->url.tls && one->ca_file.text[0] != 0)
		schema_mistake(
		    &l->run, one->ca_file.mark, _("'ca_file' is for https (leave it out)"));
}

static void refuse_same_url(
    struct loader *l, const struct config_recipients *all, size_t index)
{
	const struct config_share_url *url = &all->items[index].url;

	for (size_t i = 0; url->text != NULL && i < index; i++)
		if (all->items[i].url.text != NULL &&
		    strcmp(all->items[i].url.text, url->text) == 0) {
			schema_mistake(&l->run, url->mark,
			    _("'%s' stands here twice (keep one)"), url->text);
			return;
		}
}

/* A unit is part of file names, and of what every receiver sorts by. */
static bool is_unit(const char *text)
{
	size_t len = strlen(text);

	return text[0] != '.' &&
	    strspn(text,
	        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") == len;
}

void share_check(struct loader *l)
{
	const struct conf_text *unit = &l->config->school.unit;
	const struct config_recipients *all = &l->config->share.recipients;

	if (!is_unit(unit->text))
		schema_mistake(&l->run, unit->mark,
		    _("'%s' is no unit's id (use letters without marks, digits, '.', '_' and "
		      "'-', as the department's enrolment file has it)"),
		    unit->text);
	if (all->count > 0 && unit->text[0] == 0)
		schema_mistake(&l->run, all->mark,
		    _("'share.recipients' wants school.unit (`lachanctl enrol FILE` with the "
		      "department's file writes both)"));
	loader_refuse_twice(l, all->items, all->count, sizeof *all->items, _("recipient"));
	for (size_t i = 0; i < all->count; i++) {
		check_recipient(l, &all->items[i]);
		refuse_same_url(l, all, i);
	}
}

static bool make_absolute(struct loader *l, struct conf_text *path)
{
	path->text = loader_absolute(l, l->bundle->folder, path->text);
	return path->text != NULL;
}

enum err share_make_paths_absolute(struct loader *l)
{
	struct config *c = l->config;
	struct config_share *share = &c->share;

	for (size_t i = 0; i < share->recipients.count; i++) {
		struct config_recipient *one = &share->recipients.items[i];
		if (!make_absolute(l, &one->token_file) ||
		    !make_absolute(l, &one->ca_file) ||
		    !make_absolute(l, &one->client_certificate.file) ||
		    !make_absolute(l, &one->client_certificate.key))
			return ERR_MEMORY;
	}
	if (share->signing_key.text[0] == 0)
		share->signing_key.text =
		    loader_absolute(l, c->server.state_dir.text, "signing.key");
	else
		(void)make_absolute(l, &share->signing_key);
	return share->signing_key.text != NULL ? OK : ERR_MEMORY;
}
