/* lachanctl -- asks and steers a running gateway, for the person who looks after it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "base/words.h"
#include "lachanctl/ctl.h"
#include "lachanctl/table.h"

#define CONFIG_INSTALLED "/etc/lachan/lachan.yaml"
#define RUN_DIR_DEFAULT  "/run/lachan"

struct command {
	const char *name;
	enum ctl_status (*run)(struct ctl *c); /* NULL: not built yet */
	bool everyday;                         /* shown without a command */
	const char *help;                      /* English msgid */
};

static const struct command commands[] = {
    {"status", command_status, true, N_("is the gateway well?")},
    {"doctor", command_doctor, true, N_("is anybody protected?")},
    {"explain", command_explain, true, N_("why is NAME blocked, or open?")},
    {"allow", command_allow, true, N_("open NAME for a while")},
    {"pause", command_pause, true, N_("stop filtering for a while")},
    {"summary", command_summary, true, N_("what leaves the school")},
    {"deny", command_deny, false, N_("block NAME for a while")},
    {"grants", command_grants, false, N_("names opened or blocked for a while")},
    {"revoke", command_revoke, false, N_("end one of them")},
    {"resume", command_resume, false, N_("end a pause")},
    {"policy", command_policy, false, N_("what is blocked for whom, in plain words")},
    {"feeds", command_feeds, false, N_("the lists that are pulled")},
    {"plan", command_plan, false, N_("memory, flash and time that the lists need here")},
    {"reload", command_reload, false, N_("read the configuration again")},
    {"flush", command_flush, false, N_("forget cached answers")},
    {"rollback", command_rollback, false, N_("the rules before these")},
    {"stats", command_stats, false, N_("what was blocked, by tier and category")},
    {"top", command_top, false, N_("the names blocked most")},
    {"watch", command_watch, false, N_("blocked attempts as they happen")},
    {"selftest", command_selftest, false, N_("one known name per tier and category")},
    {"firewall", command_firewall, false, N_("rules that keep devices from going round")},
    {"audit", command_audit, false, N_("the record of changes")},
    {"diagnose", command_diagnose, false,
        N_("write queries down for a while: two persons")},
    {"reviews", command_reviews, false, N_("what pupils ask to have opened")},
    {"report", command_report, false,
        N_("the school's report of a year or any period, to sign")},
    {"reports", command_reports, false, N_("what pupils told the counselling team")},
    {"user", command_user, false, N_("accounts: who may sign in, and as what")},
    {"enrol", command_enrol, false, N_("join the department, by its file")},
    {"ca", command_ca, false, N_("make the school's own CA, for https")},
    {"client-kit", command_client_kit, false, N_("files for computers the school owns")},
    {"backup", NULL, false, ""},
    {"restore", NULL, false, ""},
};

static const struct command *find_command(const char *name)
{
	for (size_t i = 0; i < COUNT_OF(commands); i++) {
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	}
	return NULL;
}

static const char *nearest_command(const char *name)
{
	const char *names[COUNT_OF(commands) + 1] = {NULL};

	for (size_t i = 0; i < COUNT_OF(commands); i++)
		names[i] = commands[i].name;
	return text_nearest(name, names);
}

static void print_commands(bool all)
{
	struct table *t = table_new(2);

	puts(_(
	    "Lá Chắn, the school's filter: lachanctl [-c FILE] [-s SOCKET] COMMAND [--json]"));
	for (size_t i = 0; i < COUNT_OF(commands); i++) {
		const struct command *command = &commands[i];
		if (!command->everyday && (!all || command->run == NULL))
			continue;
		table_cell(t, "%s", command->name);
		table_cell(t, "%s%s", _(command->help),
		    command->run == NULL ? _(" (not built yet)") : "");
	}
	table_print(t, 2, stdout);
	table_free(t);
	if (!all)
		puts(_("More: lachanctl --help"));
}

/* What was written on the command line. */
struct line {
	const char *config_path, *socket, *language;
	bool help, version;
};

static bool take_value(int argc, char **argv, int *i, const char **out)
{
	if (*i + 1 >= argc) {
		fprintf(stderr, _("lachanctl: %s needs a value\n"), argv[*i]);
		return false;
	}
	*out = argv[++*i];
	return true;
}

/* The switches that one command alone knows; it judges them. */
static bool is_dialect(const char *word)
{
	return strcmp(word, "--nft") == 0 || strcmp(word, "--uci") == 0 ||
	    strcmp(word, "--routeros") == 0;
}

/* A word without a value; false when it is no option that we know. */
static bool take_switch(struct ctl *c, struct line *line, const char *word)
{
	if (strcmp(word, "--json") == 0) {
		c->json = true;
	} else if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0) {
		line->help = true;
	} else if (strcmp(word, "--version") == 0) {
		line->version = true;
	} else if (strcmp(word, "--all") == 0) {
		c->all = true;
	} else if (strcmp(word, "--last") == 0) {
		c->last = true;
	} else if (is_dialect(word)) {
		c->dialect_twice = c->dialect != NULL;
		c->dialect = word;
	} else {
		return false;
	}
	return true;
}

/* Options may stand anywhere; what is left is the command and its words. */
static bool read_line(struct ctl *c, struct line *line, int argc, char **argv)
{
	const struct {
		const char *name;
		const char **value;
	} valued[] = {
	    {"-c", &line->config_path},
	    {"-s", &line->socket},
	    {"--tier", &c->tier},
	    {"--group", &c->group},
	    {"--client", &c->client},
	    {"--type", &c->type},
	    {"--at", &c->at},
	    {"--for", &c->for_time},
	    {"--reason", &c->reason},
	    {"--note", &c->note},
	    {"--user", &c->user},
	    {"--role", &c->role},
	    {"--period", &c->period},
	    {"--year", &c->year},
	    {"--html", &c->html},
	    {"--csv", &c->csv},
	    {"--pdf", &c->pdf},
	    {"--language", &line->language},
	};

	c->argv = argv;
	c->argc = 0;
	for (int i = 1; i < argc; i++) {
		size_t k = 0;
		while (k < COUNT_OF(valued) && strcmp(argv[i], valued[k].name) != 0)
			k++;
		if (k < COUNT_OF(valued)) {
			if (!take_value(argc, argv, &i, valued[k].value))
				return false;
		} else if (argv[i][0] != '-' || argv[i][1] == 0) {
			c->argv[c->argc++] = argv[i];
		} else if (!take_switch(c, line, argv[i])) {
			fprintf(stderr,
			    _("lachanctl: unknown option %s (see lachanctl --help)\n"),
			    argv[i]);
			return false;
		}
	}
	return true;
}

/* --language, else what the school speaks; what programs read is English. */
static bool choose_language(struct ctl *c, const struct line *line)
{
	c->english =
	    c->config != NULL && c->config->school.languages.items[0] == LANGUAGE_EN;
	if (line->language != NULL && strcmp(line->language, "vi") != 0 &&
	    strcmp(line->language, "en") != 0) {
		(void)ctl_fail(
		    c, CTL_USAGE, _("--language %s: write vi or en"), line->language);
		return false;
	}
	if (line->language != NULL)
		c->english = strcmp(line->language, "en") == 0;
	if (c->json)
		c->english = true;
	if (c->config != NULL || line->language != NULL || c->json)
		words_use(c->english ? "en" : "vi", NULL);
	return true;
}

/* Before there is a configuration: English only for who works in English. */
static const char *guess_language(void)
{
	const char *variables[] = {"LC_ALL", "LC_MESSAGES", "LANG"};

	for (size_t i = 0; i < COUNT_OF(variables); i++) {
		const char *value = getenv(variables[i]);
		if (value != NULL && *value != 0)
			return strncmp(value, "en", 2) == 0 ? "en" : "vi";
	}
	return "vi";
}

static void say_mistakes(const struct ctl *c, const struct diags *all)
{
	json_t *mistakes = json_array();

	for (size_t i = 0; c->json && i < all->count; i++) {
		char text[DIAG_LINE_BYTES];
		diag_format(text, sizeof text, &all->items[i]);
		(void)json_array_append_new(mistakes, json_string(text));
	}
	if (c->json) {
		(void)ctl_print_json(json_pack("{s:s, s:O}", "error",
		    "the configuration has mistakes", "mistakes", mistakes));
	} else {
		diags_print(all, stderr);
	}
	json_decref(mistakes);
}

/* -c FILE must be sound; the installed one is read where it can be. */
static bool load_config(struct ctl *c, const struct line *line, struct config **out)
{
	struct diags all = DIAGS_NONE;
	const char *path = line->config_path != NULL ? line->config_path : CONFIG_INSTALLED;
	bool sound = true;

	*out = NULL;
	c->config_path = "";
	if (line->config_path != NULL || access(path, R_OK) == 0) {
		sound = config_load(out, path, &all) == OK;
		if (!sound && line->config_path != NULL)
			say_mistakes(c, &all);
	}
	diags_deinit(&all);
	if (*out != NULL)
		c->config_path = path;
	c->config = *out;
	c->config_given = line->config_path != NULL;
	return sound || line->config_path == NULL;
}

static bool find_sockets(struct ctl *c, const struct line *line)
{
	char folder[FILE_PATH_BYTES];
	const char *run_dir =
	    c->config != NULL ? c->config->server.run_dir.text : RUN_DIR_DEFAULT;

	int n = snprintf(
	    folder, sizeof folder, "%s", line->socket != NULL ? line->socket : run_dir);
	if (n < 0 || (size_t)n >= sizeof folder)
		return false;
	if (line->socket != NULL) { /* the others stand beside it */
		char *slash = strrchr(folder, '/');
		if (slash == NULL) {
			(void)snprintf(folder, sizeof folder, ".");
		} else {
			*slash = 0;
		}
		n = snprintf(c->control_path, sizeof c->control_path, "%s", line->socket);
		if (n < 0 || (size_t)n >= sizeof c->control_path)
			return false;
	} else if (path_join(c->control_path, sizeof c->control_path, folder,
	               "control.sock") != OK) {
		return false;
	}
	return path_join(c->lachand_path, sizeof c->lachand_path, folder, "lachand.sock") ==
	    OK &&
	    path_join(c->desk_path, sizeof c->desk_path, folder, "desk.sock") == OK;
}

static bool has_group(const struct config *config, const char *name)
{
	const struct config_groups *groups = &config->filter.groups;

	for (size_t i = 0; i < groups->count; i++)
		if (strcmp(groups->items[i].name.text, name) == 0)
			return true;
	return false;
}

/* --tier and --group name what the configuration has, where there is one. */
static enum ctl_status check_scope(const struct ctl *c)
{
	size_t tier;

	if (c->config == NULL)
		return CTL_DONE;
	if (c->tier != NULL && !config_find_tier(c->config, c->tier, &tier))
		return ctl_fail(c, CTL_USAGE, _("there is no tier %s"), c->tier);
	if (c->group != NULL && !has_group(c->config, c->group)) {
		return ctl_fail(c, CTL_USAGE, "%s: %s", c->group,
		    _("there is no such group (see filter.groups)"));
	}
	return CTL_DONE;
}

static enum ctl_status run(struct ctl *c)
{
	const char *name = c->argv[0];
	const struct command *command = find_command(name);

	if (command == NULL) {
		const char *near = nearest_command(name);
		return near != NULL
		    ? ctl_fail(c, CTL_USAGE, _("unknown command %s; did you mean %s?"),
		          name, near)
		    : ctl_fail(c, CTL_USAGE, _("unknown command %s (see lachanctl --help)"),
		          name);
	}
	if (command->run == NULL)
		return ctl_not_built(c, name);
	enum ctl_status status = check_scope(c);
	if (status != CTL_DONE)
		return status;
	c->argv++;
	c->argc--;
	return command->run(c);
}

int main(int argc, char **argv)
{
	struct ctl c = {.json = false};
	struct line line = {.help = false};
	struct config *config = NULL;
	enum ctl_status status = CTL_USAGE;

	words_use(guess_language(), NULL);
	if (!read_line(&c, &line, argc, argv))
		return CTL_USAGE;
	if (c.json) /* what programs read is English */
		words_use("en", NULL);
	if (line.version) {
		puts("lachanctl " LACHAN_VERSION);
		return CTL_DONE;
	}
	if (!load_config(&c, &line, &config))
		goto done;
	if (config != NULL)
		(void)setenv("TZ", config->school.time_zone.text, 1);
	if (!choose_language(&c, &line))
		goto done;
	if (line.help || c.argc == 0) {
		print_commands(line.help);
		status = CTL_DONE;
	} else if (!find_sockets(&c, &line)) {
		status = ctl_fail(&c, CTL_USAGE, "%s", _("that path is too long"));
	} else {
		status = run(&c);
	}
	if (fflush(stdout) != 0 && status == CTL_DONE)
		status = CTL_FAILED;
done:
	config_free(config);
	return (int)status;
}
