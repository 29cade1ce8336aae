#include "kit/startup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "base/words.h"
#include "conf/config.h"
#include "kit/log.h"
#include "kit/sandbox.h"

#define CONFIG_FD_VARIABLE "LACHAN_CONFIG_FD"

enum {
	STATUS_DONE = 0,
	STATUS_FAILED = 1,
	STATUS_WRONG = 2 /* usage or configuration */
};

/* Set once, before the first configuration is read. */
static startup_judge *judge_files;

/* What the command line says. */
struct request {
	const char *path;      /* -c; NULL: not given */
	const char *config_fd; /* --config-fd; NULL: not given */
	bool check;
	bool version;
	bool help;
	const char *unknown; /* the first word that is no option; NULL: all are */
};

void startup_use_judge(startup_judge *judge)
{
	judge_files = judge;
}

/* Frees *config where its files will not do. */
static enum err judge(struct config **config, struct diags *all)
{
	if (judge_files == NULL)
		return OK;
	judge_files(*config, all);
	if (all->errors == 0)
		return OK;
	config_free(*config);
	*config = NULL;
	return ERR_CONFIG;
}

static void print_usage(FILE *to, const char *program, const struct startup_option *options)
{
	(void)fprintf(to, _("usage: %s -c FILE [--check] [--version]\n"), program);
	for (; options != NULL && options->name != NULL; options++)
		(void)fprintf(to, "  %s%s  %s\n", options->name,
		    options->value != NULL ? " ..." : "", _(options->help));
}

/* One of the program's own options at argv[*at]; advances over its value. */
static bool read_own(const struct startup_option *options, int argc, char **argv, int *at)
{
	for (; options != NULL && options->name != NULL; options++) {
		if (strcmp(argv[*at], options->name) != 0)
			continue;
		if (options->given != NULL)
			*options->given = true;
		if (options->value == NULL)
			return true;
		if (*at + 1 >= argc)
			return false;
		*options->value = argv[++*at];
		return true;
	}
	return false;
}

static void read_arguments(
    struct request *out, int argc, char **argv, const struct startup_option *options)
{
	*out = (struct request){.path = NULL};
	for (int i = 1; i < argc; i++) {
		const char *word = argv[i];
		if (strcmp(word, "-c") == 0 && i + 1 < argc)
			out->path = argv[++i];
		else if (strcmp(word, "--config-fd") == 0 && i + 1 < argc)
			out->config_fd = argv[++i];
		else if (strcmp(word, "--check") == 0)
			out->check = true;
		else if (strcmp(word, "--version") == 0)
			out->version = true;
		else if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0)
			out->help = true;
		else if (!read_own(options, argc, argv, &i)) {
			out->unknown = word;
			return;
		}
	}
}

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

static const char *language_of_school(const struct config *config)
{
	return config->school.languages.items[0] == LANGUAGE_VI ? "vi" : "en";
}

/* Until there is a log: README.md, "Which language". The supervisor's children share its
 * terminal, so that a terminal alone proves nothing. */
static void use_first_words(const struct request *request)
{
	bool child = request->config_fd != NULL || getenv(CONFIG_FD_VARIABLE) != NULL;
	bool person = !child && (request->check || request->help || isatty(STDERR_FILENO));

	words_use(person ? language_of_terminal() : "en", NULL);
}

void startup_speak_to_person(const struct startup *s)
{
	words_use(s->supervised ? "en" : language_of_school(s->config), NULL);
}

void startup_speak_to_log(void)
{
	words_use("en", NULL);
}

void startup_use_config(const char *program, const struct config *config)
{
	static const enum log_level levels[] = {
	    [CONFIG_LOG_ERROR] = LOG_LEVEL_ERROR,
	    [CONFIG_LOG_WARNING] = LOG_LEVEL_WARN,
	    [CONFIG_LOG_INFO] = LOG_LEVEL_INFO,
	    [CONFIG_LOG_DEBUG] = LOG_LEVEL_DEBUG,
	};
	static const enum log_target targets[] = {
	    [CONFIG_LOG_TO_AUTO] = LOG_TARGET_AUTO,
	    [CONFIG_LOG_TO_JOURNAL] = LOG_TARGET_JOURNAL,
	    [CONFIG_LOG_TO_STDERR] = LOG_TARGET_STDERR,
	};

	startup_speak_to_log();
	/* Before threads; localtime_r() then knows the school's day. */
	if (setenv("TZ", config->school.time_zone.text, 1) == 0)
		tzset();
	log_open(
	    program, levels[config->server.log.level], targets[config->server.log.target]);
}

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

static bool is_ours(const struct startup *s, int fd)
{
	for (size_t i = 0; i < s->sockets.count; i++)
		if (s->sockets.items[i].fd == fd)
			return true;
	return fd <= STDERR_FILENO || fd == s->link_fd;
}

/* Whatever else a shell, a service manager or a test left open in us. Not the log's: it
 * is opened afterwards. */
static void close_inherited(const struct startup *s)
{
	DIR *folder = opendir("/proc/self/fd");

	if (folder == NULL)
		return;
	for (struct dirent *entry; (entry = readdir(folder)) != NULL;) {
		uint64_t fd;
		if (slice_to_u64(slice_of(entry->d_name), INT32_MAX, &fd) &&
		    (int)fd != dirfd(folder) && !is_ours(s, (int)fd))
			(void)close((int)fd);
	}
	(void)closedir(folder);
}

/* As `--config-fd` or the variable says; the variable is for config_load_child(). */
static enum err load(const struct request *request, struct config **out, struct diags *all)
{
	if (request->config_fd != NULL &&
	    setenv(CONFIG_FD_VARIABLE, request->config_fd, 1) != 0)
		return ERR_MEMORY;
	bool handed_over = getenv(CONFIG_FD_VARIABLE) != NULL;
	enum err rc = config_load_child(out, request->path, all);
	(void)unsetenv(CONFIG_FD_VARIABLE);
	return rc == OK && !handed_over ? judge(out, all) : rc;
}

/* Says what is wrong; the exit status. */
static int report(const char *program, enum err rc, const struct diags *all)
{
	diags_print(all, stderr);
	if (all->errors == 0)
		(void)fprintf(stderr, "%s: %s\n", program, err_text(rc));
	return rc == ERR_MEMORY ? STATUS_FAILED : STATUS_WRONG;
}

static bool copy_path(struct startup *s, const char *path)
{
	int n =
	    snprintf(s->config_path, sizeof s->config_path, "%s", path == NULL ? "" : path);
	return n >= 0 && (size_t)n < sizeof s->config_path;
}

/* What the person reads who wrote it, in the language that it chooses: it is read once
 * more, so that its warnings (`first`) are made in that. The exit status. */
static int check(
    const struct startup *s, const struct request *request, const struct diags *first)
{
	struct diags again = DIAGS_NONE;
	struct config *config = NULL;
	int status = STATUS_DONE;
	enum err rc = OK;

	if (!s->supervised) { /* a descriptor is read once */
		words_use(language_of_school(s->config), NULL);
		rc = load(request, &config, &again);
		first = &again;
	}
	if (rc == OK) {
		diags_print(first, stderr);
		(void)printf(_("%s: the configuration is right\n"),
		    request->path == NULL ? "" : request->path);
	} else {
		status = report(s->program, rc, first);
	}
	config_free(config);
	diags_deinit(&again);
	return status;
}

/* The configuration and all that follows from it. */
static bool configure(struct startup *s, const struct request *request, int *status)
{
	struct diags all = DIAGS_NONE;

	enum err rc = load(request, &s->config, &all);
	if (rc != OK || !copy_path(s, s->supervised ? NULL : request->path)) {
		*status = report(s->program, rc, &all);
		diags_deinit(&all);
		return false;
	}
	if (request->check) {
		*status = check(s, request, &all);
	} else {
		close_inherited(s);
		startup_use_config(s->program, s->config);
		log_diags("config", &all);
	}
	diags_deinit(&all);
	return !request->check;
}

static void prepare_process(const struct startup *s)
{
	const struct rlimit none = {0, 0};

	/* A client that hangs up is an error of write(), not our end. */
	(void)signal(SIGPIPE, SIG_IGN);
	/* A core file would hold the names children asked for, and keys; so would our memory
	 * for another program of our user. */
	(void)setrlimit(RLIMIT_CORE, &none);
	(void)prctl(PR_SET_DUMPABLE, 0);
	if (s->supervised && !sandbox_die_with_parent())
		(void)fprintf(stderr, "%s: the supervisor has gone\n", s->program);
}

static bool take_sockets(struct startup *s, const struct request *request, int *status)
{
	struct diag why = {0};

	if (sockets_take_over(&s->sockets, &why) != OK) {
		(void)fprintf(stderr, "%s: %s\n", s->program, why.text);
		*status = STATUS_FAILED;
		return false;
	}
	s->link_fd = sockets_take(&s->sockets, SOCKETS_LINK);
	s->supervised = s->link_fd >= 0 || request->config_fd != NULL ||
	    getenv(CONFIG_FD_VARIABLE) != NULL;
	return true;
}

/* `--version`, `--help`, nonsense: true when the program ends with *status. */
static bool ends_here(const struct startup *s, const struct request *request,
    const struct startup_option *options, int *status)
{
	bool understood = request->unknown == NULL;

	if (understood && request->version) {
		(void)printf("%s %s\n", s->program, LACHAN_VERSION);
		*status = STATUS_DONE;
		return true;
	}
	if (understood && request->help) {
		print_usage(stdout, s->program, options);
		*status = STATUS_DONE;
		return true;
	}
	if (understood &&
	    (request->path != NULL || request->config_fd != NULL ||
	        getenv(CONFIG_FD_VARIABLE) != NULL))
		return false;
	if (!understood)
		(void)fprintf(stderr, _("%s: unknown or incomplete option \"%s\"\n"),
		    s->program, request->unknown);
	print_usage(stderr, s->program, options);
	*status = STATUS_WRONG;
	return true;
}

bool startup_begin_with(struct startup *s, const char *program, int argc, char **argv,
    const struct startup_option *options, int *status)
{
	struct request request;

	*s = (struct startup){.program = program, .link_fd = -1};
	fill_standard_descriptors();
	read_arguments(&request, argc, argv, options);
	use_first_words(&request);
	if (ends_here(s, &request, options, status))
		return false;
	if (!take_sockets(s, &request, status))
		return false;
	prepare_process(s);
	if (configure(s, &request, status))
		return true;
	startup_end(s);
	return false;
}

bool startup_begin(
    struct startup *s, const char *program, int argc, char **argv, int *status)
{
	return startup_begin_with(s, program, argc, argv, NULL, status);
}

void startup_end(struct startup *s)
{
	sockets_close(&s->sockets);
	s->link_fd = -1; /* closed by whoever opened a link over it, or by our end */
	if (s->config != NULL)
		config_free(s->config);
	s->config = NULL;
}

struct config *startup_take_config(struct startup *s)
{
	struct config *config = s->config;

	s->config = NULL;
	return config;
}

enum err startup_read_again(
    const struct startup *s, const struct config *now, struct config **out)
{
	struct diags all = DIAGS_NONE;
	struct config *next = NULL;

	if (s->config_path[0] == 0)
		return ERR_UNSUPPORTED;
	enum err rc = config_load(&next, s->config_path, &all);
	if (rc == OK)
		rc = judge(&next, &all);
	log_diags("config", &all);
	diags_deinit(&all);
	if (rc != OK) {
		log_error(
		    "config", "%s: not taken, the old configuration stays", s->config_path);
		return ERR_CONFIG;
	}
	const char *key = config_needs_restart(now, next);
	if (key != NULL) {
		log_error("config",
		    "%s: %s was changed, which needs a restart; the old "
		    "configuration stays",
		    s->config_path, key);
		config_free(next);
		return ERR_CONFIG;
	}
	*out = next;
	return OK;
}

/* Before the page is fenced off from what is made later beside it (fence.h). lachan-feeds,
 * whose folder it is, says what is wrong with it. */
static void make_feeds_folder(const struct config *config, struct sandbox_user user)
{
	char path[FILE_PATH_BYTES];
	struct diag unsaid = {.text = ""};

	if (path_join(path, sizeof path, config->server.state_dir.text, "feeds") == OK &&
	    access(path, F_OK) != 0 && sandbox_make_folder(path, 0750, user, &unsaid) != OK)
		log_debug("startup", "%s", unsaid.text);
}

enum err startup_make_folders(const struct config *config, struct diag *why)
{
	struct sandbox_user user;

	/* Without root we stay who we are, whatever server.user says. */
	enum err rc =
	    sandbox_find_user(geteuid() == 0 ? config->server.user.text : "", &user, why);
	if (rc == OK)
		rc = sandbox_make_folder(config->server.state_dir.text, 0750, user, why);
	if (rc == OK)
		rc = sandbox_make_folder(config->server.run_dir.text, 0750, user, why);
	if (rc == OK)
		make_feeds_folder(config, user);
	return rc;
}
