#include <curl/curl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "base/words.h"
#include "conf/config.h"
#include "feeds/credentials.h"
#include "feeds/plan.h"
#include "feeds/run.h"
#include "kit/department.h"
#include "kit/log.h"
#include "kit/sandbox.h"
#include "kit/startup.h"
#include "kit/syscalls.h"
#include "kit/translate.h"

enum {
	EXIT_DONE = 0,
	EXIT_REFUSED = 1,
	EXIT_USAGE = 2,
	SUGGESTIONS_MAX = 512
};

struct options {
	const char *only;
	const char *accept;
	const char *off;
	const char *on;
	bool offline;
	bool due;
	bool plan;
};

static void print_change(const struct feed *feed)
{
	const char *name = feed->config->name.text;
	const struct meta *m = &feed->meta;

	if (m->off)
		printf(_("%s: off, none of its names is in the rules\n"), name);
	else
		printf(_("%s: in the rules, %llu names\n"), name,
		    (unsigned long long)m->entries);
}

/* To who started us; the reason came in English, for the meta file and the log. */
static void print_feed(void *startup, const struct feed *feed)
{
	const char *name = feed->config->name.text;
	const struct meta *m = &feed->meta;

	startup_speak_to_person(startup);
	if (feed->changed) {
		print_change(feed);
	} else if (feed->refused || feed->held) {
		char why[TRANSLATE_TEXT_BYTES];
		translate_text(why, sizeof why, m->reason);
		printf(
		    feed->held ? _("%s: held: %s\n") : _("%s: refused: %s\n"), name, why);
	} else if (m->result == META_UNCHANGED) {
		printf(
		    _("%s: unchanged, %llu names\n"), name, (unsigned long long)m->entries);
	} else {
		printf(
		    _("%s: fetched, %llu names\n"), name, (unsigned long long)m->entries);
	}
	startup_speak_to_log();
}

static void print_nothing(void *startup UNUSED, const struct feed *feed UNUSED)
{
}

/* Says so and returns false when no enabled feed is called `only`. */
static bool only_exists(const struct config *config, const char *only)
{
	const struct config_feeds *feeds = &config->filter.feeds;
	/* A list that a bundle requires; which there are, the run finds. */
	if (strchr(only, DEPARTMENT_FEED) != NULL)
		return true;
	const char *names[SUGGESTIONS_MAX + 1];
	size_t n = 0;

	for (size_t i = 0; i < feeds->count; i++) {
		const struct config_feed *feed = &feeds->items[i];
		if (strcmp(feed->name.text, only) == 0 && feed->enabled)
			return true;
		if (strcmp(feed->name.text, only) == 0) {
			(void)fprintf(stderr, _("feed \"%s\" is switched off\n"), only);
			return false;
		}
		if (n < SUGGESTIONS_MAX)
			names[n++] = feed->name.text;
	}
	names[n] = NULL;
	const char *near = text_nearest(only, names);
	if (near != NULL) {
		(void)fprintf(stderr, _("there is no feed \"%s\"; did you mean \"%s\"?\n"),
		    only, near);
	} else {
		(void)fprintf(stderr, _("there is no feed \"%s\"\n"), only);
	}
	return false;
}

/* The one thing that was asked for. */
static bool choose(const struct options *o, struct run_options *how)
{
	const struct {
		const char *name; /* of a feed; "" for an option without */
		enum run_mode mode;
	} asked[] = {
	    {o->only, RUN_FETCH},
	    {o->accept, RUN_ACCEPT},
	    {o->off, RUN_OFF},
	    {o->on, RUN_ON},
	    {o->due ? "" : NULL, RUN_DUE},
	    {o->offline ? "" : NULL, RUN_OFFLINE},
	    {o->plan ? "" : NULL, RUN_OFFLINE},
	};
	size_t count = 0;

	for (size_t i = 0; i < COUNT_OF(asked); i++) {
		if (asked[i].name == NULL)
			continue;
		how->mode = asked[i].mode;
		how->only = asked[i].name[0] != 0 ? asked[i].name : NULL;
		count++;
	}
	if (count <= 1)
		return true;
	(void)fprintf(stderr,
	    _("--only, --accept, --off, --on, --due, --offline and --plan exclude each "
	      "other\n"));
	return false;
}

/* Only looks, so it needs no right and makes no folder. */
static int print_plan(const struct config *config)
{
	json_t *plan = plan_make(config);

	if (plan == NULL)
		return EXIT_REFUSED;
	int failed = json_dumpf(plan, stdout, JSON_INDENT(1));
	json_decref(plan);
	return failed == 0 && printf("\n") > 0 ? EXIT_DONE : EXIT_REFUSED;
}

/* The rights and folders that a child of the supervisor gets from it. */
static enum err enter(const struct startup *s, struct diag *why)
{
	enum err rc = s->supervised ? OK : startup_make_folders(s->config, why);

	if (rc == OK)
		rc = sandbox_enter(s->config->server.user.text, why);
	return rc;
}

static int work(struct startup *s, const struct options *o, struct credentials *credentials)
{
	struct diag why = {.text = ""};
	struct run_options how = {
	    .config = s->config,
	    .credentials = credentials,
	    .mode = RUN_FETCH,
	    .on_feed = o->due ? print_nothing : print_feed,
	    .context = s,
	};

	startup_speak_to_person(s);
	if (!choose(o, &how) || (how.only != NULL && !only_exists(s->config, how.only)))
		return EXIT_USAGE;
	if (o->plan)
		return print_plan(s->config);
	startup_speak_to_log();
	/* Before rights are given up: secrets are nobody's then. */
	if (credentials_read(credentials, s->config) != OK || enter(s, &why) != OK) {
		log_error("feeds", "%s", why.text);
		return EXIT_REFUSED;
	}
	/* A server that goes away while we send must not end us. */
	(void)signal(SIGPIPE, SIG_IGN);
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
		log_error("feeds", "libcurl cannot start");
		return EXIT_REFUSED;
	}
	/* Libraries that load others have done so now. */
	if (syscalls_limit_or_warn(SYSCALLS_FEEDS, &why) != OK) {
		log_error("feeds", "%s", why.text);
		return EXIT_REFUSED;
	}
	bool fine = run_feeds(&how);
	curl_global_cleanup();
	return fine ? EXIT_DONE : EXIT_REFUSED;
}

int main(int argc, char **argv)
{
	struct options o = {.only = NULL};
	const struct startup_option options[] = {
	    {"--only", &o.only, NULL, N_("fetch this feed alone")},
	    {"--accept", &o.accept, NULL,
	        N_("take what this feed holds back, and compile")},
	    {"--off", &o.off, NULL, N_("take this feed out of the rules, until --on")},
	    {"--on", &o.on, NULL, N_("take it into the rules again")},
	    {"--offline", NULL, &o.offline,
	        N_("fetch nothing, compile the last good copies")},
	    {"--due", NULL, &o.due, N_("fetch the feeds whose time has come")},
	    {"--plan", NULL, &o.plan,
	        N_("print as JSON what the feeds will need of this machine")},
	    {NULL, NULL, NULL, NULL},
	};
	struct credentials credentials = {.count = 0};
	struct startup s;
	int status;

	if (!startup_begin_with(&s, "lachan-feeds", argc, argv, options, &status))
		return status;
	status = work(&s, &o, &credentials);
	credentials_wipe(&credentials);
	startup_end(&s);
	return status;
}
