/* Talking to the gateway's sockets, and saying what went wrong. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/words.h"
#include "kit/control_client.h"
#include "kit/translate.h"
#include "lachanctl/ctl.h"

enum {
	ASK_TIMEOUT_MS = 10 * 60 * 1000, /* a fetch of all feeds may take that long */
	PEEK_TIMEOUT_MS = 5000           /* who peeks does without it */
};

enum ctl_status ctl_print_json(json_t *taken)
{
	char *text = json_dumps(taken, JSON_COMPACT | JSON_ENCODE_ANY);

	json_decref(taken);
	if (text == NULL)
		return CTL_FAILED;
	puts(text);
	free(text);
	return CTL_DONE;
}

enum ctl_status ctl_fail(
    const struct ctl *c, enum ctl_status status, const char *format, ...)
{
	char text[1024];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(text, sizeof text, format, args);
	va_end(args);
	if (c->json) {
		(void)ctl_print_json(json_pack("{s:s}", "error", text));
	} else {
		fprintf(stderr, "lachanctl: %s\n", text);
	}
	return status;
}

enum ctl_status ctl_not_built(const struct ctl *c, const char *command)
{
	return ctl_fail(c, CTL_FAILED, _("%s: not built yet"), command);
}

enum ctl_status ctl_usage(const struct ctl *c, const char *usage)
{
	return ctl_fail(c, CTL_USAGE, _("usage: lachanctl %s"), usage);
}

json_t *ctl_tier_argument(const struct ctl *c)
{
	json_t *arguments = json_object();

	if (c->tier != NULL)
		(void)json_object_set_new(arguments, "tier", json_string(c->tier));
	return arguments;
}

/* Takes `arguments`. */
static char *make_request(const char *command, json_t *arguments)
{
	json_t *request = json_pack("{s:s}", "command", command);
	char *text = NULL;

	if (request != NULL &&
	    (arguments == NULL || json_object_update(request, arguments) == 0))
		text = json_dumps(request, JSON_COMPACT);
	json_decref(request);
	json_decref(arguments);
	return text;
}

static enum err exchange(const char *path, const char *request, unsigned timeout_ms,
    json_t **reply, struct diag *why)
{
	struct control_client client = {.fd = -1};
	struct slice answer;
	enum err rc = control_client_open(&client, path, timeout_ms, why);

	if (rc == OK)
		rc = control_client_ask(&client, slice_of(request), &answer, why);
	if (rc == OK) {
		*reply = json_loadb((const char *)answer.ptr, answer.len, 0, NULL);
		rc = json_is_object(*reply) ? OK : ERR_FORMAT;
		if (rc != OK)
			diag_set(why, "%s", _("the gateway's answer cannot be read"));
	}
	control_client_close(&client);
	return rc;
}

/* What a tired person does next. */
static const char *advice_for(enum err rc)
{
	switch (rc) {
	case ERR_NOT_FOUND:
		return _(
		    "Start it: sudo systemctl start lachan. See why it stopped: "
		    "journalctl -u lachan -e. Is it elsewhere? Say -c FILE or -s SOCKET.");
	case ERR_DENIED:
		return _("Try: sudo lachanctl ...");
	default:
		return "";
	}
}

/* The sentence, then each mistake on a line of its own, as a compiler gives them. */
static void say_refusal(const json_t *refusal)
{
	const char *error = json_string_value(json_object_get(refusal, "error"));
	const json_t *mistake;
	char text[CTL_TEXT_BYTES];
	size_t i;

	translate_text(text, sizeof text, error != NULL ? error : "");
	fprintf(stderr, "lachanctl: %s\n", error != NULL ? text : _("the gateway refused"));
	json_array_foreach(json_object_get(refusal, "mistakes"), i, mistake)
	{
		if (!json_is_string(mistake))
			continue;
		translate_mistake(text, sizeof text, json_string_value(mistake));
		fprintf(stderr, "%s\n", text);
	}
}

enum ctl_status ctl_refused(const struct ctl *c, json_t *taken)
{
	(void)json_object_del(taken, "ok");
	if (!c->json) {
		say_refusal(taken);
		json_decref(taken);
	} else if (json_object_get(taken, "error") == NULL) {
		json_decref(taken);
		return ctl_fail(c, CTL_FAILED, "%s", _("the gateway refused"));
	} else {
		(void)ctl_print_json(taken);
	}
	return CTL_FAILED;
}

static enum ctl_status judge_reply(const struct ctl *c, json_t **reply)
{
	if (json_is_true(json_object_get(*reply, "ok"))) {
		(void)json_object_del(*reply, "ok");
		return CTL_DONE;
	}
	enum ctl_status status = ctl_refused(c, *reply);
	*reply = NULL;
	return status;
}

enum ctl_status ctl_try(struct ctl *c, const char *path, const char *command,
    json_t *arguments, json_t **reply, bool *reached)
{
	struct diag why = {.text = ""};
	char *request = make_request(command, arguments);

	*reply = NULL;
	*reached = true;
	if (request == NULL)
		return ctl_fail(c, CTL_FAILED, "%s", err_text(ERR_MEMORY));
	enum err rc = exchange(path, request, ASK_TIMEOUT_MS, reply, &why);
	free(request);
	if (rc == OK)
		return judge_reply(c, reply);
	json_decref(*reply);
	*reply = NULL;
	*reached = rc != ERR_NOT_FOUND;
	if (!*reached)
		return CTL_FAILED;
	const char *advice = advice_for(rc);
	return ctl_fail(
	    c, CTL_FAILED, "%s%s%s", why.text, *advice != 0 ? "\n" : "", advice);
}

json_t *ctl_peek_with(const char *path, const char *command, json_t *arguments)
{
	char *request = make_request(command, arguments);
	struct diag unsaid = {.text = ""};
	json_t *reply = NULL;

	if (request == NULL ||
	    exchange(path, request, PEEK_TIMEOUT_MS, &reply, &unsaid) != OK ||
	    !json_is_true(json_object_get(reply, "ok"))) {
		json_decref(reply);
		reply = NULL;
	}
	free(request);
	return reply;
}

json_t *ctl_peek(const char *path, const char *command)
{
	return ctl_peek_with(path, command, NULL);
}

enum ctl_status ctl_not_running(const struct ctl *c, const char *path)
{
	return ctl_fail(c, CTL_FAILED,
	    _("the gateway is not running (nobody answers at %s).\n%s"), path,
	    advice_for(ERR_NOT_FOUND));
}

enum ctl_status ctl_ask(
    struct ctl *c, const char *path, const char *command, json_t *arguments, json_t **reply)
{
	bool reached;
	enum ctl_status status = ctl_try(c, path, command, arguments, reply, &reached);

	return reached ? status : ctl_not_running(c, path);
}

static const char *tier_title(const struct ctl *c, size_t index)
{
	const struct rules_tier *tier = &c->config->tiers.items[index];

	return c->english ? tier->name_en.text : tier->name_vi.text;
}

const char *ctl_tier_words(const struct ctl *c, const char *tier)
{
	size_t i;

	if (c->config == NULL || !config_find_tier(c->config, tier, &i))
		return tier;
	const char *words = tier_title(c, i);
	/* A tier that is `like` another bears its title: its own name tells them apart. */
	for (size_t other = 0; other < i; other++)
		if (strcmp(tier_title(c, other), words) == 0)
			return tier;
	return *words != 0 ? words : tier;
}

const char *ctl_category_words(const struct ctl *c, const char *category)
{
	size_t i;

	if (c->config == NULL || !config_find_category(c->config, category, &i))
		return category;
	const struct rules_category *found = &c->config->categories.items[i];
	const char *words = c->english ? found->name_en.text : found->name_vi.text;
	return *words != 0 ? words : category;
}

bool ctl_tier_is_used(const struct ctl *c, const char *tier)
{
	const struct conf_texts *levels;
	size_t index;

	if (c->config == NULL || !config_find_tier(c->config, tier, &index))
		return true;
	levels = &c->config->school.levels;
	for (size_t i = 0; i < levels->count; i++) {
		if (strcmp(levels->items[i].text, tier) == 0)
			return true;
	}
	return index == c->config->default_tier ||
	    c->config->tiers.items[index].clients.count > 0;
}

static int64_t written_at(const char *path)
{
	struct stat about;

	return stat(path, &about) == 0 ? (int64_t)about.st_mtime : 0;
}

bool ctl_config_is_newer(const struct ctl *c, const json_t *status)
{
	const json_t *age = json_object_get(status, "config_age_s");
	char folder[FILE_PATH_BYTES], overrides[FILE_PATH_BYTES];

	if (*c->config_path == 0 || !json_is_integer(age))
		return false;
	(void)snprintf(folder, sizeof folder, "%s", c->config_path);
	char *slash = strrchr(folder, '/');
	if (slash != NULL)
		slash[1] = 0;
	int n = snprintf(overrides, sizeof overrides, "%slachan.d/overrides.yaml",
	    slash != NULL ? folder : "");
	int64_t written_s = written_at(c->config_path);
	int64_t also_s = n > 0 && (size_t)n < sizeof overrides ? written_at(overrides) : 0;
	/* Two seconds: ages are cut to whole ones, and a file is written before its reload. */
	int64_t taken_s = (int64_t)time(NULL) - (int64_t)json_integer_value(age);
	return (written_s > also_s ? written_s : also_s) > taken_s + 2;
}
