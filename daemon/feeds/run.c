#include "feeds/run.h"

#include <errno.h>
#include <event2/event.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "feeds/backoff.h"
#include "feeds/bundle.h"
#include "feeds/change.h"
#include "feeds/compile.h"
#include "feeds/cover.h"
#include "feeds/pull.h"
#include "feeds/tell.h"
#include "kit/log.h"
#include "kit/resolve.h"
#include "kit/servers.h"
#include "ruledb/ruledb.h"

struct run {
	const struct run_options *options;
	const struct config *config;
	struct department department; /* as it lay here when the run began */
	struct bundle_feeds feeds;    /* those of the file, and what bundles require */
	struct store store;
	struct protect *protect;
	struct watch *watch;
	int64_t now_s;
	char rules_path[FILE_PATH_BYTES];
	char control_path[FILE_PATH_BYTES];
	char data_folder[FILE_PATH_BYTES];
	bool has_rules; /* rules.db is there and whole */
	bool published;
};

/* ---- which feeds ---- */

static bool keeps_copies(const struct run *run)
{
	return run->config->filter.keep_sources == KEEP_SOURCES_GZIP;
}

static bool is_due(const struct run *run, const struct feed *feed)
{
	return backoff_is_due(
	    feed->meta.next_try_s, run->now_s, feed->config->refresh_ms / 1000);
}

static bool is_wanted(const struct run *run, const struct feed *feed)
{
	if (feed->meta.off)
		return false;
	switch (run->options->mode) {
	case RUN_OFFLINE:
	case RUN_ACCEPT:
	case RUN_OFF:
	case RUN_ON:
		return false;
	case RUN_DUE:
		/* A copy that has gone is fetched again, but not faster than the server
		 * lets itself be asked. */
		return is_due(run, feed) ||
		    ((keeps_copies(run) || bundle_is_one(feed)) && !feed->has_copy &&
		        feed->meta.failures == 0);
	default:
		return run->options->only == NULL ||
		    strcmp(run->options->only, feed->config->name.text) == 0;
	}
}

/* In the rules, but without the text to compile them from again. */
static bool is_missing(const struct feed *feed)
{
	return feed->meta.fetched_s > 0 && !feed->has_copy && !feed->meta.off;
}

static bool is_missing_now(const struct run *run, const struct feed *feed)
{
	if (!is_missing(feed) || feed->refused || feed->held ||
	    run->options->mode == RUN_OFFLINE)
		return false;
	return run->options->mode != RUN_DUE || feed->meta.failures == 0 ||
	    is_due(run, feed);
}

/* ---- fetching ---- */

typedef bool (*choice)(const struct run *run, const struct feed *feed);

static size_t count_chosen(const struct run *run, choice chosen)
{
	size_t n = 0;

	for (size_t i = 0; i < run->store.count; i++)
		n += chosen(run, &run->store.feeds[i]) ? 1 : 0;
	return n;
}

static uint64_t random_number(void)
{
	uint64_t r = 0;

	/* Spreads load only: without it schools merely knock together. */
	(void)!getrandom(&r, sizeof r, 0);
	return r;
}

/* Without a copy a 304 would leave us with nothing; with keep_sources: no that is so for
 * every feed, and a first look may ask whether anything has changed. */
static enum pull_how how_of(const struct run *run, const struct feed *feed, choice chosen)
{
	bool look = feed->has_copy || (!keeps_copies(run) && chosen == is_wanted);
	bool pinned_anew = feed->config->sha256.text[0] != 0 &&
	    !slice_equal_nocase(
	        slice_of(feed->config->sha256.text), slice_of(feed->meta.body_sha256));

	return look && !pinned_anew && feed->meta.fetched_s > 0 ? PULL_IF_CHANGED
	                                                        : PULL_WHOLE;
}

static enum err queue_pulls(
    const struct run *run, struct fetcher *fetcher, choice chosen, struct pull **pulls)
{
	size_t n = 0;

	for (size_t i = 0; i < run->store.count; i++) {
		struct feed *feed = &run->store.feeds[i];
		struct pull_options how = {
		    .credentials = run->options->credentials,
		    .feed = feed,
		    .protect = run->protect,
		    .watch = run->watch,
		    .rules_path = run->rules_path,
		    .how = how_of(run, feed, chosen),
		    .now_s = run->now_s,
		    .random = random_number(),
		};
		if (!chosen(run, feed))
			continue;
		enum err rc = pull_start(&pulls[n++], fetcher, &how);
		if (rc != OK)
			return rc;
	}
	return OK;
}

static enum err fetch_all(
    const struct run *run, struct event_base *base, struct fetcher *fetcher, choice chosen)
{
	size_t max = run->store.count;
	struct pull **pulls = calloc(max + 1, sizeof(struct pull *));

	if (pulls == NULL)
		return ERR_MEMORY;
	enum err rc = queue_pulls(run, fetcher, chosen, pulls);
	while (rc == OK && fetcher_pending(fetcher) > 0) {
		if (event_base_loop(base, EVLOOP_ONCE) != 0)
			rc = ERR_IO;
		log_tick();
	}
	/* Requests borrow from pulls; after a failure some may still be queued. */
	fetcher_free(fetcher);
	for (size_t i = 0; i < max; i++)
		pull_free(pulls[i]);
	free(pulls);
	return rc;
}

static enum err new_fetcher(const struct run *run, struct event_base *base,
    struct resolver *resolver, struct fetcher **out, struct diag *why)
{
	struct fetch_options how = {
	    .data_folder = run->data_folder,
	    .proxy = run->config->filter.feed_proxy.text,
	    .ca_file = run->config->filter.ca_file.text,
	    .resolver = resolver,
	};
	return fetcher_new(out, base, &how, why);
}

/* Fetches the chosen feeds; each ends with its own result in its meta. */
static enum err fetch(const struct run *run, choice chosen, struct diag *why)
{
	struct upstreams upstreams;
	struct event_base *base = event_base_new();
	struct resolver *resolver = NULL;
	struct fetcher *fetcher = NULL;
	struct resolver_options how = {
	    .control_path = run->control_path,
	    .upstreams = &upstreams,
	    .timeout_ms = (unsigned)run->config->upstream.timeout_ms,
	};

	diag_set(why, "fetching: out of memory");
	servers_find(&upstreams, &run->config->upstream, "/etc/resolv.conf");
	enum err rc = base != NULL ? resolver_new(&resolver, base, &how) : ERR_MEMORY;
	if (rc == OK)
		rc = new_fetcher(run, base, resolver, &fetcher, why);
	if (rc == OK)
		rc = fetch_all(run, base, fetcher, chosen);
	resolver_free(resolver);
	if (base != NULL)
		event_base_free(base);
	return rc;
}

/* ---- publishing ---- */

static void save_metas(const struct run *run)
{
	for (size_t i = 0; i < run->store.count; i++) {
		const struct feed *feed = &run->store.feeds[i];
		if ((feed->has_copy || feed->tried) && store_save_meta(feed) != OK) {
			log_error("feeds", "%s: cannot be written: %s", feed->meta_path,
			    strerror(errno));
		}
	}
}

static struct compile_options compile_how(const struct run *run)
{
	return (struct compile_options){
	    .config = run->config,
	    .protect = run->protect,
	    .rules_path = run->rules_path,
	    .now_s = run->now_s,
	    .damaged = run->has_rules ? COMPILE_NOT_WITHOUT : COMPILE_WITHOUT,
	};
}

static void after_publication(struct run *run, const struct compile_summary *summary)
{
	struct compile_options how = compile_how(run);
	char digest[DIGEST_TEXT_BYTES];

	log_info("feeds", "rules published: %" PRIu64 " names from %zu feeds",
	    summary->names, summary->feeds);
	save_metas(run);
	run->has_rules = true;
	/* The digest of what was read, which may say more than what was expected. */
	if (compile_digest(&run->store, &how, digest) != OK ||
	    store_write_inputs(&run->store, digest) != OK) {
		log_warn("feeds", "%s: cannot be written: the rules will be compiled again",
		    run->store.folder);
	}
	if (!keeps_copies(run))
		store_remove_copies(&run->store);
	store_remove_strangers(&run->store);
	run->published = true;
}

/* What is in force knows the names of feeds whose text is gone: it stays until they can be
 * had again. */
static bool is_complete(const struct run *run)
{
	bool complete = true;

	for (size_t i = 0; run->has_rules && i < run->store.count; i++) {
		const struct feed *feed = &run->store.feeds[i];
		if (!is_missing(feed))
			continue;
		log_error("feeds",
		    "%s: no copy to compile from and it cannot be fetched now: the rules stay "
		    "as they are",
		    feed->config->name.text);
		complete = false;
	}
	return complete;
}

static bool fetch_missing(struct run *run)
{
	struct diag why = {.text = ""};

	if (count_chosen(run, is_missing_now) > 0 &&
	    fetch(run, is_missing_now, &why) != OK) {
		log_error("feeds", "%s", why.text);
		return false;
	}
	return is_complete(run);
}

static bool publish(struct run *run)
{
	struct compile_summary summary;
	struct diag why = {.text = ""};

	if (!fetch_missing(run))
		return false;
	struct compile_options how = compile_how(run);
	enum err rc = compile_publish(&run->store, &how, &summary, &why);
	if (rc == ERR_AGAIN && fetch_missing(run))
		rc = compile_publish(&run->store, &how, &summary, &why);
	if (rc != OK) {
		log_error("feeds", "%s: the rules stay as they are", why.text);
		save_metas(run);
		return false;
	}
	after_publication(run, &summary);
	return true;
}

/* Its counts are known: a meta file that was lost gets them back by compiling. */
static bool was_compiled(const struct feed *feed)
{
	return !feed->has_copy || feed->meta.off ||
	    strcmp(feed->meta.category, feed->config->category.text) == 0;
}

/* Is nothing to be compiled? So it is when rules.db was made from these very inputs, even
 * if somebody rolled it back since: it changes when the feeds do. */
static bool is_up_to_date(const struct run *run)
{
	struct compile_options how = compile_how(run);
	char now[DIGEST_TEXT_BYTES];
	char then[STORE_DIGEST_BYTES];
	bool same = run->has_rules;

	for (size_t i = 0; i < run->store.count; i++)
		same = same && was_compiled(&run->store.feeds[i]);
	store_read_inputs(&run->store, then);
	return same && compile_digest(&run->store, &how, now) == OK &&
	    strcmp(now, then) == 0;
}

static bool is_on(const struct run *run, const struct feed *feed)
{
	(void)run;
	return !feed->meta.off;
}

static bool was_fetched(const struct run *run, const struct feed *feed)
{
	return is_on(run, feed) && (feed->has_copy || feed->meta.fetched_s > 0);
}

static bool is_without_copy(const struct run *run, const struct feed *feed)
{
	(void)run;
	return is_missing(feed);
}

/* ---- the run ---- */

static enum err open_run(struct run *run, struct diag *why)
{
	const struct config_server *server = &run->config->server;
	struct ruledb *db = NULL;

	enum err rc = path_join(
	    run->rules_path, sizeof run->rules_path, server->state_dir.text, "rules.db");
	if (rc == OK) {
		rc = path_join(run->control_path, sizeof run->control_path,
		    server->run_dir.text, "control.sock");
	}
	if (rc != OK) {
		diag_set(why, "state_dir, run_dir: the path is too long");
		return rc;
	}
	/* A file: URL is absolute; without the folder nothing packaged is found, and each
	 * such feed says so. */
	char *folder = realpath(server->data_dir.text, NULL);
	(void)snprintf(run->data_folder, sizeof run->data_folder, "%s",
	    folder != NULL ? folder : server->data_dir.text);
	free(folder);
	enum store_wait wait = run->options->mode == RUN_DUE ? STORE_GO_AWAY : STORE_WAIT;
	rc = department_read(&run->department, run->config);
	if (rc == OK)
		rc = bundle_feeds_make(&run->feeds, run->config, &run->department);
	if (rc != OK) {
		diag_set(why, "%s", err_text(rc));
		return rc;
	}
	rc = store_open(&run->store, server->state_dir.text, &run->feeds.all, wait, why);
	if (rc == OK)
		bundle_mend(&run->store);
	if (rc == OK)
		rc = protect_new(&run->protect, run->config);
	if (rc == OK)
		rc = watch_new(&run->watch, run->config);
	if (rc == OK && ruledb_open(&db, run->rules_path, NULL) == OK) {
		run->has_rules = true;
		ruledb_close(db);
	}
	return rc;
}

static bool is_change(const struct run *run)
{
	return run->options->mode == RUN_ACCEPT || run->options->mode == RUN_OFF ||
	    run->options->mode == RUN_ON;
}

/* After an upgrade rules.db may be of a form that is not read any more, and a copy of every
 * list is here: nobody need wait for the network. */
static void publish_at_once(struct run *run)
{
	if (run->options->mode != RUN_OFFLINE && !run->has_rules &&
	    count_chosen(run, was_fetched) > 0 && count_chosen(run, is_without_copy) == 0)
		(void)publish(run);
}

/* `--only` of a feed that a person has switched off is a mistake worth a word. */
static bool is_only_off(const struct run *run)
{
	for (size_t i = 0; i < run->store.count; i++) {
		const struct feed *feed = &run->store.feeds[i];
		if (run->options->mode == RUN_FETCH && run->options->only != NULL &&
		    feed->meta.off &&
		    strcmp(feed->config->name.text, run->options->only) == 0) {
			log_warn("feeds", "%s: is switched off (lachanctl feeds on)",
			    run->options->only);
			return true;
		}
	}
	return false;
}

static bool work(struct run *run)
{
	struct diag why = {.text = ""};

	if (is_only_off(run))
		return false;
	if (is_change(run) && !change_feed(&run->store, run->options))
		return false;
	publish_at_once(run);
	if (count_chosen(run, is_wanted) > 0 && fetch(run, is_wanted, &why) != OK) {
		log_error("feeds", "%s", why.text);
		return false;
	}
	bundle_mend(&run->store); /* the manifests of what has come */
	bool nothing = count_chosen(run, was_fetched) == 0;
	if (run->options->mode == RUN_OFFLINE && nothing) {
		log_error("feeds", "there is no copy of any feed yet: nothing to compile");
		return false;
	}
	/* With no feed at all rules.db is still made, so that its categories are known to
	 * be empty; but a failed first fetch must not put nothing over packaged rules. */
	if (nothing && count_chosen(run, is_on) > 0)
		return is_change(run);
	return is_up_to_date(run) || publish(run);
}

/* Says how it ended to who started us, and to the filter. */
static bool report(const struct run *run)
{
	const struct run_options *options = run->options;
	size_t refused = 0, held = 0;

	for (size_t i = 0; i < run->store.count; i++) {
		const struct feed *feed = &run->store.feeds[i];
		refused += feed->refused ? 1 : 0;
		held += feed->held ? 1 : 0;
		if (feed->tried || feed->changed)
			options->on_feed(options->context, feed);
	}
	if (run->published || refused + held > 0)
		tell_filter(run->control_path, refused, held);
	return refused + held == 0;
}

/* A bundle that has just come may require lists that this run did not know of. */
static bool has_new_bundle(const struct run *run)
{
	for (size_t i = 0; i < run->store.count; i++) {
		const struct feed *feed = &run->store.feeds[i];
		bool came = (feed->tried && feed->meta.result == META_OK) || feed->changed;
		if (bundle_is_one(feed) && came)
			return true;
	}
	return false;
}

static void say_department(const struct run *run)
{
	struct department now;

	if (run->options->mode == RUN_DUE && run->department.count > 0 &&
	    department_read(&now, run->config) == OK) {
		department_log(&now, run->config, run->now_s);
		department_deinit(&now);
	}
}

static bool run_once(const struct run_options *options, bool *again)
{
	struct run run = {.options = options,
	    .config = options->config,
	    .store = STORE_NONE,
	    .now_s = (int64_t)time(NULL)};
	struct diag why = {.text = ""};
	bool fine = false;

	enum err rc = open_run(&run, &why);
	if (rc == OK) {
		fine = work(&run);
	} else if (rc == ERR_AGAIN) {
		fine = true; /* somebody else does it right now */
	} else {
		log_error("feeds", "%s", why.text);
	}
	if (rc == OK)
		fine = report(&run) && fine;
	*again = rc == OK && has_new_bundle(&run);
	if (rc == OK && !*again)
		say_department(&run);
	watch_free(run.watch);
	protect_free(run.protect);
	store_close(&run.store);
	bundle_feeds_free(&run.feeds);
	department_deinit(&run.department);
	return fine;
}

bool run_feeds(const struct run_options *options)
{
	struct run_options rest = *options;
	bool again;

	bool fine = run_once(options, &again);
	rest.mode = RUN_DUE;
	rest.only = NULL;
	if (again && options->mode != RUN_OFFLINE)
		fine = run_once(&rest, &again) && fine;
	return fine;
}
