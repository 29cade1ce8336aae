/* lachan-district -- the department's collector, and the commands beside it. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/attr.h"
#include "base/words.h"
#include "district/config.h"
#include "district/entrance.h"
#include "district/service.h"
#include "district/subcommands.h"
#include "kit/log.h"
#include "kit/sandbox.h"

enum {
	STATUS_DONE = 0,
	STATUS_FAILED = 1,
	STATUS_WRONG = 2 /* usage or configuration */
};

/* What the command line says. */
struct request {
	const char *path; /* -c; NULL: not given */
	bool check, version, help;
	const char *unknown;              /* a word that is nothing; NULL: all are */
	const struct subcommand *command; /* NULL: the service */
	int rest;                         /* index of the first word behind the command */
};

static const struct subcommand *const TABLES[] = {
    SUBCOMMANDS_ADMIN, SUBCOMMANDS_REPORTS, SUBCOMMANDS_BUNDLES};

static const struct subcommand *find_command(const char *name)
{
	for (size_t t = 0; t < COUNT_OF(TABLES); t++)
		for (const struct subcommand *c = TABLES[t]; c->name != NULL; c++)
			if (strcmp(c->name, name) == 0)
				return c;
	return NULL;
}

static void read_arguments(struct request *out, int argc, char **argv)
{
	*out = (struct request){.path = NULL};
	for (int i = 1; i < argc && out->command == NULL && out->unknown == NULL; i++) {
		const char *word = argv[i];
		if (strcmp(word, "-c") == 0 && i + 1 < argc) {
			out->path = argv[++i];
		} else if (strcmp(word, "--check") == 0) {
			out->check = true;
		} else if (strcmp(word, "--version") == 0) {
			out->version = true;
		} else if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0) {
			out->help = true;
		} else {
			out->command = find_command(word);
			out->rest = i + 1;
			if (out->command == NULL)
				out->unknown = word;
		}
	}
}

/* ---- what is said before there is a log ------------------------------------------------- */

static const char *language_of_terminal(void)
{
	static const char *const variables[] = {"LC_ALL", "LC_MESSAGES", "LANG"};

	for (size_t i = 0; i < COUNT_OF(variables); i++) {
		const char *value = getenv(variables[i]);
		if (value != NULL && value[0] != 0)
			return strncmp(value, "vi", 2) == 0 ? "vi" : "en";
	}
	return "en";
}

static void print_command(FILE *to, const struct subcommand *c)
{
	(void)fprintf(to, "  %s%s%s\n      %s\n", c->name, c->arguments[0] == 0 ? "" : " ",
	    c->arguments, _(c->help));
}

static void print_usage(FILE *to)
{
	(void)fputs(
	    _("usage: lachan-district -c FILE [--check] [--version] [COMMAND ...]\n"), to);
	for (size_t t = 0; t < COUNT_OF(TABLES); t++)
		for (const struct subcommand *c = TABLES[t]; c->name != NULL; c++)
			print_command(to, c);
}

/* `--version`, `--help`, nonsense: true when the program ends with *status. */
static bool ends_here(const struct request *request, int *status)
{
	bool understood = request->unknown == NULL;

	*status = STATUS_DONE;
	if (understood && request->version) {
		(void)printf("lachan-district %s\n", LACHAN_VERSION);
		return true;
	}
	if (understood && request->help) {
		print_usage(stdout);
		return true;
	}
	if (understood && request->path != NULL)
		return false;
	if (!understood)
		(void)fprintf(stderr, _("%s: unknown or incomplete option \"%s\"\n"),
		    "lachan-district", request->unknown);
	print_usage(stderr);
	*status = STATUS_WRONG;
	return true;
}

static int report(enum err rc, const struct diags *all)
{
	diags_print(all, stderr);
	if (all->errors == 0)
		(void)fprintf(stderr, "lachan-district: %s\n", err_text(rc));
	return rc == ERR_MEMORY ? STATUS_FAILED : STATUS_WRONG;
}

/* ---- the process ------------------------------------------------------------------------ */

/* Descriptors 0 to 2 exist, so that no socket of ours ever becomes "stderr". */
static void fill_standard_descriptors(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		(void)close(fd);
}

/* No core: it would hold tokens, and what schools sent. */
static void prepare_process(void)
{
	const struct rlimit none = {0, 0};

	(void)signal(SIGPIPE, SIG_IGN);
	(void)setrlimit(RLIMIT_CORE, &none);
	(void)prctl(PR_SET_DUMPABLE, 0);
	(void)umask(027);
}

/* Before threads. */
static void use_time_zone(const struct district_config *config)
{
	if (setenv("TZ", config->department.time_zone.text, 1) == 0)
		tzset();
}

static void open_log(const struct district_config *config)
{
	log_open("lachan-district", config->server.log.level, config->server.log.target);
}

/* ---- what may be run -------------------------------------------------------------------- */

static int run_service(
    const struct district_config *config, const char *path, const struct diags *warnings)
{
	struct diag why = {.text = ""};

	words_use("en", NULL);
	use_time_zone(config);
	open_log(config);
	log_diags("config", warnings);
	enum err rc = service_run(config, path, &why);
	if (rc == OK)
		return STATUS_DONE;
	log_error(
	    "district", "cannot start: %s", why.text[0] != 0 ? why.text : err_text(rc));
	return rc == ERR_CONFIG ? STATUS_WRONG : STATUS_FAILED;
}

static enum err find_people(struct command *c, struct diag *why)
{
	struct sandbox_user user;

	c->caller_uid = geteuid();
	c->caller_gid = getegid();
	c->user_uid = c->caller_uid;
	c->user_gid = c->caller_gid;
	enum err rc = sandbox_find_user(
	    geteuid() == 0 ? c->config->server.user.text : "", &user, why);
	if (rc == OK && geteuid() == 0 && c->config->server.user.text[0] != 0) {
		c->user_uid = user.uid;
		c->user_gid = user.gid;
	}
	const char *folder = c->config->server.state_dir.text;
	if (rc == OK && access(folder, R_OK | W_OK | X_OK) != 0 && errno == EACCES) {
		diag_set(why, _("%s: we may not go there (begin the command with sudo)"),
		    folder);
		return ERR_DENIED;
	}
	return rc == OK ? sandbox_make_folder(folder, 0750, user, why) : rc;
}

static int run_command(
    const struct district_config *config, const struct request *request, char **argv)
{
	struct diag why = {.text = ""};
	int argc = 0;

	use_time_zone(config);
	open_log(config);
	while (argv[request->rest + argc] != NULL)
		argc++;
	struct command c = {.config = config,
	    .config_path = request->path,
	    .now = {.wall_s = (int64_t)time(NULL), .wall_trusted = true},
	    .argc = argc,
	    .argv = argv + request->rest,
	    .person = isatty(STDOUT_FILENO) != 0};
	enum err rc = find_people(&c, &why);
	if (rc == OK)
		rc = command_as_user(&c);
	if (rc != OK) {
		(void)fprintf(stderr, "lachan-district: %s\n",
		    why.text[0] != 0 ? why.text : err_text(rc));
		return STATUS_FAILED;
	}
	int status = request->command->run(&c);
	if (status == STATUS_WRONG)
		print_command(stderr, request->command);
	return status;
}

/* Takes `config`. */
static int run(const struct request *request, const struct district_config *config,
    struct diags *all, char **argv)
{
	int status = STATUS_DONE;

	if (request->command == NULL)
		entrance_judge(config, all);
	if (all->errors > 0) {
		status = report(ERR_CONFIG, all);
	} else if (request->check) {
		diags_print(all, stderr);
		(void)printf(_("%s: the configuration is right\n"), request->path);
	} else if (request->command != NULL) {
		status = run_command(config, request, argv);
	} else {
		return run_service(config, request->path, all);
	}
	district_config_release(config);
	return status;
}

int main(int argc, char **argv)
{
	const struct district_config *config = NULL;
	struct diags all = DIAGS_NONE;
	struct request request;
	int status;

	fill_standard_descriptors();
	read_arguments(&request, argc, argv);
	bool person = request.check || request.help || isatty(STDERR_FILENO) != 0;
	words_use(person ? language_of_terminal() : "en", NULL);
	if (ends_here(&request, &status))
		return status;
	prepare_process();
	enum err rc = district_config_load(&config, request.path, &all);
	status = rc == OK ? run(&request, config, &all, argv) : report(rc, &all);
	diags_deinit(&all);
	return status;
}
