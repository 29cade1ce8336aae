#include <curl/curl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "base/words.h"
#include "conf/config.h"
#include "feeds/run.h"
#include "kit/log.h"
#include "kit/sandbox.h"
#include "kit/startup.h"
#include "kit/translate.h"

enum {
	EXIT_DONE = 0,
	EXIT_REFUSED = 1,
	EXIT_USAGE = 2,
	SUGGESTIONS_MAX = 512
};

struct options {
	const char *only;
	bool offline;
	bool due;
};

/* To who started us; the reason came in English, for the meta file and the log. */
static void print_feed(void *startup, const struct feed *feed)
{
	const char *name = feed->config->name.text;
	const struct meta *m = &feed->meta;

	startup_speak_to_person(startup);
	if (feed->refused) {
		char why[TRANSLATE_TEXT_BYTES];
		translate_text(why, sizeof why, m->reason);
		printf(_("%s: refused: %s\n"), name, why);
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

static bool options_agree(const struct options *o, const struct config *config)
{
	if (o->offline && (o->due || o->only != NULL)) {
		(void)fprintf(
		    stderr, _("--offline fetches nothing: leave out --due and --only\n"));
		return false;
	}
	if (o->due && o->only != NULL) {
		(void)fprintf(stderr, _("--due and --only exclude each other\n"));
		return false;
	}
	return o->only == NULL || only_exists(config, o->only);
}

/* The rights and folders that a child of the supervisor gets from it. */
static enum err enter(const struct startup *s, struct diag *why)
{
	enum err rc = s->supervised ? OK : startup_make_folders(s->config, why);

	if (rc == OK)
		rc = sandbox_enter(s->config->server.user.text, why);
	return rc;
}

static int work(struct startup *s, const struct options *o)
{
	struct diag why = {.text = ""};
	struct run_options how = {
	    .config = s->config,
	    .mode = o->due   ? RUN_DUE
	        : o->offline ? RUN_OFFLINE
	                     : RUN_FETCH,
	    .only = o->only,
	    .on_feed = o->due ? print_nothing : print_feed,
	    .context = s,
	};

	startup_speak_to_person(s);
	if (!options_agree(o, s->config))
		return EXIT_USAGE;
	startup_speak_to_log();
	if (enter(s, &why) != OK) {
		log_error("feeds", "%s", why.text);
		return EXIT_REFUSED;
	}
	/* A server that goes away while we send must not end us. */
	(void)signal(SIGPIPE, SIG_IGN);
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
		log_error("feeds", "libcurl cannot start");
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
	    {"--offline", NULL, &o.offline,
	        N_("fetch nothing, compile the last good copies")},
	    {"--due", NULL, &o.due, N_("fetch the feeds whose time has come")},
	    {NULL, NULL, NULL, NULL},
	};
	struct startup s;
	int status;

	if (!startup_begin_with(&s, "lachan-feeds", argc, argv, options, &status))
		return status;
	status = work(&s, &o);
	startup_end(&s);
	return status;
}
