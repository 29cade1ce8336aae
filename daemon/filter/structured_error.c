#include "filter/structured_error.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "kit/json_memory.h"

enum {
	SAID_BYTES = 256,
	PHONE_DIGITS_MIN = 3,
	/* The draft's sub-errors. */
	SUB_MALWARE = 1,
	SUB_PHISHING = 2,
	SUB_NETWORK_POLICY = 5
};

struct structured_errors {
	char *texts[RULES_CATEGORIES_MAX]; /* by category; NULL: none */
	char *plain;                       /* without one */
};

/* As short_texts.ede_extra_text of rules/pages.yaml, which the page alone reads. */
static const char *const BLOCKED[] = {
    [LANGUAGE_VI] = "Bị chặn theo chính sách mạng của trường",
    [LANGUAGE_EN] = "Blocked by school network policy",
};
static const char *const HELP[] = {
    [LANGUAGE_VI] = "Cần giúp đỡ: 111",
    [LANGUAGE_EN] = "Help: 111",
};
static const char *const TAGS[] = {[LANGUAGE_VI] = "vi", [LANGUAGE_EN] = "en"};

/* ---- whom to ask ---- */

static void add_uri(json_t *list, const char *scheme, const char *rest)
{
	char uri[SAID_BYTES];
	int len = snprintf(uri, sizeof uri, "%s:%s", scheme, rest);

	if (len > 0 && (size_t)len < sizeof uri)
		(void)json_array_append_new(list, json_string(uri));
}

/* As RFC 3966 wants it: people write blanks and dots. */
static void add_phone(json_t *list, const char *text)
{
	char digits[32];
	size_t count = 0;

	for (const char *p = text; *p != 0 && count < sizeof digits - 1; p++) {
		if ((*p >= '0' && *p <= '9') || (*p == '+' && count == 0))
			digits[count++] = *p;
	}
	digits[count] = 0;
	if (count >= PHONE_DIGITS_MIN)
		add_uri(list, "tel", digits);
}

static json_t *list_contacts(const struct config *config)
{
	json_t *list = json_array();
	bool tls = config->pages.portal.certificate.file.text[0] != 0;
	char portal[SAID_BYTES];

	(void)snprintf(
	    portal, sizeof portal, "//%s/lachan/why", config->pages.portal.name.text);
	add_uri(list, tls ? "https" : "http", portal);
	/* What could not stand in a URI is for people's eyes. */
	const char *email = config->school.contact.email.text;
	if (email[0] != 0 && strpbrk(email, " \"<>?&%#,;:") == NULL)
		add_uri(list, "mailto", email);
	add_phone(list, config->school.contact.phone.text);
	return list;
}

/* ---- one text ---- */

static enum config_language language_of(const struct config *config)
{
	return config->school.languages.items[0];
}

/* NULL: it is not named. */
static const char *label_of(const struct config *config, const struct policy_category *c)
{
	if (c == NULL || c->sensitive || c->locked)
		return NULL;
	for (size_t i = 0; i < config->categories.count; i++) {
		const struct rules_category *one = &config->categories.items[i];
		if (strcmp(one->name.text, c->name) == 0)
			return language_of(config) == LANGUAGE_VI ? one->name_vi.text
			                                          : one->name_en.text;
	}
	return NULL;
}

static int suberror_of(const struct policy_category *c)
{
	if (c != NULL && c->locked)
		return 0;
	if (c != NULL && strcmp(c->name, "malware") == 0)
		return SUB_MALWARE;
	if (c != NULL && strcmp(c->name, "phishing_scam") == 0)
		return SUB_PHISHING;
	return SUB_NETWORK_POLICY;
}

static json_t *describe(const struct config *config, const struct policy_category *c)
{
	enum config_language language = language_of(config);
	const char *label = label_of(config, c);
	const char *name = config->school.name.text;
	int suberror = suberror_of(c);
	char why[SAID_BYTES];

	(void)snprintf(why, sizeof why, "%s%s%s. %s", BLOCKED[language],
	    label == NULL ? "" : ": ", label == NULL ? "" : label, HELP[language]);
	json_t *made = json_pack("{s:o}", "c", list_contacts(config));
	/* A text that was cut within a letter is none: refused here, and left out. */
	(void)json_object_set_new(made, "j", json_string(why));
	if (suberror != 0)
		(void)json_object_set_new(made, "s", json_integer(suberror));
	if (name[0] != 0)
		(void)json_object_set_new(made, "o", json_string(name));
	(void)json_object_set_new(made, "l", json_string(TAGS[language]));
	return made;
}

static char *dump(json_t *object)
{
	char *text = json_dumps(object, JSON_COMPACT);

	if (text != NULL && strlen(text) <= STRUCTURED_ERROR_MAX)
		return text;
	json_memory_free(text);
	return NULL;
}

/* Cut down until it fits: the name of the school, then all contacts but the portal. */
static char *make_text(const struct config *config, const struct policy_category *c)
{
	json_t *made = describe(config, c);
	char *text = dump(made);

	if (text == NULL) {
		(void)json_object_del(made, "o");
		text = dump(made);
	}
	while (text == NULL && json_array_size(json_object_get(made, "c")) > 1) {
		json_t *contacts = json_object_get(made, "c");
		(void)json_array_remove(contacts, json_array_size(contacts) - 1);
		text = dump(made);
	}
	json_decref(made);
	return text;
}

/* ---- all of them ---- */

enum err structured_errors_new(struct structured_errors **out, const struct config *config,
    const struct policy *policy)
{
	struct structured_errors *errors = calloc(1, sizeof *errors);

	if (errors == NULL)
		return ERR_MEMORY;
	errors->plain = make_text(config, NULL);
	for (size_t i = 0; i < policy_category_count(policy); i++)
		errors->texts[i] = make_text(config, policy_category_at(policy, i));
	*out = errors;
	return OK;
}

void structured_errors_free(struct structured_errors *errors)
{
	if (errors == NULL)
		return;
	for (size_t i = 0; i < COUNT_OF(errors->texts); i++)
		json_memory_free(errors->texts[i]);
	json_memory_free(errors->plain);
	free(errors);
}

struct slice structured_error_text(
    const struct structured_errors *errors, const struct verdict *v)
{
	const char *text = v->category < COUNT_OF(errors->texts)
	    ? errors->texts[v->category]
	    : errors->plain;

	return text == NULL ? SLICE_EMPTY : slice_of(text);
}
