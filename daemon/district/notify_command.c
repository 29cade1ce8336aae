/* `lachan-district notify`: tells those whom `notify` names what is due, and ends.
 *
 *	passwords, CA files       with the rights of who started us
 *	server.user, for good     what reads strangers' answers must not be able to come back
 *	what is due, claimed      in the store: by one collector, once
 *	commands, names of hosts  what runs them can start programs: no stranger is read yet
 *	limits                    nothing can be started any more
 *	mail, https               what fails is taken back
 *
 * Run by a timer each hour (packaging/systemd), beside the service: that one talks to nobody but
 * its clients. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include <curl/curl.h>

#include "base/file.h"
#include "base/words.h"
#include "district/admin.h"
#include "district/calendar.h"
#include "district/chores_admin.h"
#include "district/notify_facts.h"
#include "district/papers.h"
#include "kit/json_memory.h"
#include "kit/sandbox.h"
#include "kit/syscalls.h"
#include "kit/tell.h"
#include "notices/notices.h"

enum {
	TARGETS_MAX = 16, /* as the configuration has it */
	NAME_BYTES = 300
};

struct receiver {
	const struct district_notify_target *target;
	struct tell tell;
	char id[PAPER_ID_BYTES];
	bool broken;
	/* Of the store. */
	struct notify_state before, state;
	uint64_t version;
	struct notify_due due;
	bool is_due;
};

struct telling {
	struct command *c;
	struct store *store;
	struct notify_facts facts;
	struct receiver receivers[TARGETS_MAX];
	size_t count;
	int lock;
	bool trial;
	bool failed;
};

/* ---- the note in the store ---- */

static bool on_paper(void *context, const struct paper *paper)
{
	struct receiver *r = context;

	if (!notify_state_read(paper->body, &r->state))
		return true;
	r->version = paper->version;
	return false;
}

static bool put_first(struct telling *t, struct receiver *r)
{
	struct buf body = BUF_INIT(NOTIFY_STATE_MAX);
	enum document_result result;

	r->state = notify_state_new(t->c->now.wall_s, t->facts.refused);
	notify_state_write(&body, &r->state);
	const struct paper paper = {.kind = PAPER_NOTICE,
	    .id = r->id,
	    .unit = "",
	    .state = "told",
	    .title = "",
	    .category = "",
	    .day = DAY_NONE,
	    .made_s = t->c->now.wall_s,
	    .changed_by = "",
	    .note = "",
	    .body = buf_slice(&body)};
	enum err rc = store_paper_put(t->store, &paper, &result);
	buf_deinit(&body);
	r->version = 1;
	if (rc != OK)
		(void)admin_fail_store(t->store, rc);
	return rc == OK && result == DOCUMENT_NEW;
}

/* False: there is none, or it is damaged; then there is a new one, by which nothing is due. */
static bool read_note(struct telling *t, struct receiver *r)
{
	const struct paper_query query = {
	    .kind = PAPER_NOTICE, .id = r->id, .bodies = true, .limit = 1};

	r->version = 0;
	enum err rc = store_paper_list(t->store, &query, on_paper, r);
	if (rc != OK) {
		(void)admin_fail_store(t->store, rc);
		t->failed = true;
		return false;
	}
	if (r->version != 0)
		return true;
	rc = store_paper_remove(t->store, PAPER_NOTICE, r->id);
	return (rc == OK || rc == ERR_NOT_FOUND) && put_first(t, r);
}

/* False: another collector was quicker, or it cannot be noted; then nobody is told. */
static bool write_note(struct telling *t, struct receiver *r)
{
	struct buf body = BUF_INIT(NOTIFY_STATE_MAX);

	notify_state_write(&body, &r->state);
	const struct paper_change change = {.kind = PAPER_NOTICE,
	    .id = r->id,
	    .version = r->version,
	    .state = "told",
	    .by = "",
	    .note = "",
	    .now_s = t->c->now.wall_s,
	    .body = buf_slice(&body)};
	enum err rc = store_paper_change(t->store, &change);
	buf_deinit(&body);
	if (rc == OK)
		r->version++;
	else if (rc != ERR_EXISTS)
		(void)admin_fail_store(t->store, rc);
	return rc == OK;
}

/* ---- who is due ---- */

static bool wants(const struct receiver *r, enum district_event event)
{
	for (size_t i = 0; i < r->target->events.count; i++)
		if (r->target->events.items[i] == event)
			return true;
	return false;
}

static void find_due(struct telling *t, struct receiver *r)
{
	int32_t today = admin_today(t->c);
	struct notify_news news = {.silent = t->facts.school_count,
	    .refused = t->facts.refused,
	    .wants_silent = wants(r, DISTRICT_EVENT_SILENT),
	    .wants_enrolled = wants(r, DISTRICT_EVENT_ENROLLED),
	    .wants_nominations = wants(r, DISTRICT_EVENT_NOMINATION),
	    .wants_refused = wants(r, DISTRICT_EVENT_REFUSED),
	    .today = today,
	    .school_day = calendar_is_due(t->c->config, today),
	    .now_s = t->c->now.wall_s};

	if (r->broken || !read_note(t, r))
		return;
	news.enrolled = notify_facts_enrolled(&t->facts, r->state.told_s);
	news.nominations = notify_facts_nominations(&t->facts, r->state.told_s);
	r->before = r->state;
	if (!notify_is_due(&r->due, &r->state, &news))
		return;
	notify_claim(&r->state, &r->due, &news);
	r->is_due = write_note(t, r);
}

/* ---- telling ---- */

static void note(struct telling *t, struct receiver *r, enum err rc, const struct diag *why)
{
	char name[NAME_BYTES];

	tell_name(name, sizeof name, &r->tell);
	r->is_due = false;
	if (rc == OK) {
		(void)printf(_("%s: told\n"), name);
		return;
	}
	t->failed = true;
	(void)printf(_("%s: could not be told: %s\n"), name,
	    why->text[0] != 0 ? why->text : err_text(rc));
	if (t->trial)
		return;
	notify_take_back(&r->state, &r->before, t->c->now.wall_s);
	(void)!write_note(t, r);
}

static enum err write_text(
    struct buf *out, const struct telling *t, const struct receiver *r)
{
	const struct district_config *config = t->c->config;
	const struct notify_words words = {.department = config->department.name.text,
	    .url = config->server.public_url.text,
	    .schools = t->facts.schools,
	    .school_count = t->facts.school_count,
	    .never = t->facts.never};
	bool vietnamese = config->department.languages.items[0] == LANGUAGE_VI;

	words_use(vietnamese ? "vi" : "en", NULL);
	if (t->trial)
		notify_text_trial(out, &words);
	else
		notify_text_write(out, &r->due, &words);
	words_use("en", NULL);
	return buf_status(out);
}

static void run_or_send(struct telling *t, struct receiver *r)
{
	struct buf text = BUF_INIT(NOTIFY_TEXT_MAX);
	struct diag why = {.text = ""};

	enum err rc = write_text(&text, t, r);
	if (rc == OK)
		rc = tell_is_command(&r->tell)
		    ? tell_run(&r->tell, buf_cstr(&text), &why)
		    : tell_send(&r->tell, buf_cstr(&text), t->c->now.wall_s, &why);
	buf_deinit(&text);
	note(t, r, rc, &why);
}

static bool find_hosts(struct telling *t)
{
	bool any = false;

	for (size_t i = 0; i < t->count; i++) {
		struct receiver *r = &t->receivers[i];
		struct diag why = {.text = ""};
		if (!r->is_due)
			continue;
		enum err rc = tell_reach(&r->tell, &why);
		if (rc != OK)
			note(t, r, rc, &why);
		any = any || rc == OK;
	}
	return any;
}

static enum err tell_all(struct telling *t, struct diag *why)
{
	for (size_t i = 0; i < t->count; i++)
		if (t->receivers[i].is_due && tell_is_command(&t->receivers[i].tell))
			run_or_send(t, &t->receivers[i]);
	if (!find_hosts(t))
		return OK;
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
		diag_set(why, "libcurl cannot start");
		return ERR_MEMORY;
	}
	enum err rc = syscalls_limit_or_warn(SYSCALLS_DISTRICT, why);
	for (size_t i = 0; rc == OK && i < t->count; i++)
		if (t->receivers[i].is_due)
			run_or_send(t, &t->receivers[i]);
	curl_global_cleanup();
	return rc;
}

/* ---- from beginning to end ---- */

static void open_receivers(struct telling *t)
{
	const struct district_notify *all = &t->c->config->notify;

	for (; t->count < all->count && t->count < TARGETS_MAX; t->count++) {
		struct receiver *r = &t->receivers[t->count];
		const struct district_notify_target *at = &all->items[t->count];
		const struct tell_target target = {
		    &at->to, at->address.text, at->password_file.text, at->ca_file.text};
		struct diag why = {.text = ""};
		r->target = at;
		(void)snprintf(r->id, sizeof r->id, "%016llx",
		    (unsigned long long)notices_target_id(at->to.text, at->address.text));
		enum err rc = tell_open(&r->tell, &target, &why);
		r->broken = rc != OK;
		t->failed = t->failed || r->broken;
		if (r->broken)
			(void)admin_fail_why(&why, rc);
	}
}

/* ERR_EXISTS: another run is at it. */
static enum err take_lock(struct telling *t, struct diag *why)
{
	char path[FILE_PATH_BYTES];
	enum err rc = path_join(
	    path, sizeof path, t->c->config->server.state_dir.text, "notify.lock");

	if (rc != OK)
		return rc;
	t->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (t->lock < 0) {
		diag_set(why, "%s: %s", path, strerror(errno));
		return ERR_IO;
	}
	return flock(t->lock, LOCK_EX | LOCK_NB) == 0 ? OK : ERR_EXISTS;
}

static enum err enter(struct telling *t, struct diag *why)
{
	enum err rc = command_as_person(t->c);

	if (rc == OK)
		open_receivers(t);
	if (rc == OK)
		rc = sandbox_enter(t->c->config->server.user.text, why);
	return rc == OK ? take_lock(t, why) : rc;
}

static enum err work(struct telling *t, struct diag *why)
{
	if (!admin_open(t->c, &t->store))
		return ERR_IO;
	enum err rc = OK;
	if (t->trial) {
		for (size_t i = 0; i < t->count; i++)
			t->receivers[i].is_due = !t->receivers[i].broken;
	} else {
		rc = notify_facts_gather(
		    &t->facts, t->store, t->c->config, admin_today(t->c));
		if (rc != OK)
			(void)admin_fail_store(t->store, rc);
		for (size_t i = 0; rc == OK && i < t->count; i++)
			find_due(t, &t->receivers[i]);
	}
	return rc == OK ? tell_all(t, why) : rc;
}

int admin_notify(struct command *c)
{
	static struct telling t; /* large: a password for each target */
	struct diag why = {.text = ""};

	t = (struct telling){.c = c, .lock = -1};
	t.trial = admin_take_flag(c, "--try");
	if (c->argc != 0)
		return ADMIN_USAGE;
	if (c->config->notify.count == 0) {
		(void)puts(_("notify names nobody: nobody is told."));
		return ADMIN_DONE;
	}
	json_memory_begin();
	enum err rc = enter(&t, &why);
	if (rc == OK)
		rc = work(&t, &why);
	if (rc == ERR_EXISTS)
		rc = OK;
	if (rc != OK && why.text[0] != 0)
		(void)admin_fail_why(&why, rc);
	notify_facts_deinit(&t.facts);
	for (size_t i = 0; i < t.count; i++)
		tell_close(&t.receivers[i].tell);
	store_close(t.store);
	if (t.lock >= 0)
		(void)close(t.lock);
	return rc == OK && !t.failed ? ADMIN_DONE : ADMIN_FAILED;
}
