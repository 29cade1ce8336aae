/* lachan-notify -- tells those whom `notify` names what is due, and ends.
 *
 *	passwords, CA files           with the rights of who started us
 *	sandbox, lock, what is due    as server.user
 *	noted: these are being tried  should we die, they wait as after a failure
 *	commands                      what runs them can start programs: no stranger is read yet
 *	names of hosts, libcurl       load libraries
 *	limits                        no file of state_dir can be read, nothing can be started any more
 *	mail, https                   each noted as soon as it is told */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include <curl/curl.h>

#include "base/file.h"
#include "base/words.h"
#include "conf/config.h"
#include "kit/fence.h"
#include "kit/json_memory.h"
#include "kit/judge.h"
#include "kit/log.h"
#include "kit/notices_file.h"
#include "kit/sandbox.h"
#include "kit/startup.h"
#include "kit/syscalls.h"
#include "notify/delivery.h"

enum {
	STATUS_DONE = 0,
	STATUS_NOT_TOLD = 1
};

struct program {
	struct startup startup;
	const struct config *config;
	struct delivery deliveries[NOTICES_TARGETS_MAX];
	size_t count;
	struct notices n;
	struct sent sent;
	int lock;
	bool trial; /* everybody is told that this is one, and nothing is noted */
	bool failed;
};

static int64_t wall_s(void)
{
	return (int64_t)time(NULL);
}

static const char *language_of(const struct config *config)
{
	return config->school.languages.items[0] == LANGUAGE_VI ? "vi" : "en";
}

/* ---- files ---- */

/* Two at once would tell everything twice. ERR_EXISTS: another one is at it. */
static enum err take_lock(struct program *p)
{
	char path[FILE_PATH_BYTES];

	enum err rc =
	    path_join(path, sizeof path, p->config->server.run_dir.text, "notify.lock");
	if (rc != OK)
		return rc;
	p->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (p->lock < 0) {
		log_error("notify", "%s: %s", path, strerror(errno));
		return ERR_IO;
	}
	return flock(p->lock, LOCK_EX | LOCK_NB) == 0 ? OK : ERR_EXISTS;
}

/* ERR_NOT_FOUND: the desk has nothing to tell. */
static enum err read_files(struct program *p)
{
	struct buf text = BUF_INIT(NOTICES_FILE_MAX);

	enum err rc = notices_file_read(&text, p->config, NOTICES_FILE);
	if (rc == OK)
		rc = notices_read(&p->n, buf_slice(&text));
	if (rc != OK && rc != ERR_NOT_FOUND)
		log_error("notify", "state_dir/notices: %s", err_text(rc));
	buf_reset(&text);
	if (rc != OK)
		goto done;
	rc = notices_file_read(&text, p->config, NOTICES_SENT_FILE);
	if (rc == OK)
		rc = sent_read(&p->sent, buf_slice(&text));
	if (rc != OK && rc != ERR_NOT_FOUND)
		log_warn("notify",
		    "state_dir/notices.sent: %s; some may be told again what they know",
		    err_text(rc));
	rc = OK;
done:
	buf_deinit(&text);
	return rc;
}

static enum err keep(struct program *p)
{
	struct buf text = BUF_INIT(NOTICES_FILE_MAX);
	bool refused;

	sent_write(&text, &p->sent);
	enum err rc = buf_status(&text);
	if (rc == OK)
		rc = notices_file_write(
		    p->config, NOTICES_SENT_FILE, buf_slice(&text), &refused);
	if (rc != OK)
		log_error("notify", "what was told could not be kept: %s",
		    errno != 0 ? strerror(errno) : err_text(rc));
	buf_deinit(&text);
	return rc;
}

/* ---- deliveries ---- */

static bool is_command(const struct delivery *d)
{
	return tell_is_command(&d->tell);
}

/* Who is tried now, noted before anything is sent. False: nobody, or it cannot be noted, and
 * then nobody is told, else they would be told without end. */
static bool find_due(struct program *p)
{
	int64_t now_s = wall_s();
	bool any = false;

	for (size_t i = 0; i < p->count; i++) {
		struct delivery *d = &p->deliveries[i];
		if (!delivery_is_due(d, &p->n, &p->sent, now_s))
			continue;
		any = true;
		sent_try(sent_of(&p->sent, &p->n, d->id), (uint64_t)now_s);
		if (d->broken) {
			d->due.any = false;
			p->failed = true;
		}
	}
	if (any && keep(p) != OK) {
		p->failed = true;
		return false;
	}
	return any;
}

static void note_trial(struct program *p, const char *name, enum err rc, const char *why)
{
	startup_speak_to_person(&p->startup);
	if (rc == OK)
		printf(_("%s: told\n"), name);
	else
		printf(_("%s: could not be told: %s\n"), name, why);
	startup_speak_to_log();
	p->failed = p->failed || rc != OK;
}

static void note(struct program *p, struct delivery *d, enum err rc, const struct diag *why)
{
	char name[300];

	tell_name(name, sizeof name, &d->tell);
	if (p->trial) {
		note_trial(p, name, rc, why->text[0] != 0 ? why->text : err_text(rc));
		return;
	}
	if (rc == OK) {
		log_info("notify", "%s was told", name);
		sent_done(sent_of(&p->sent, &p->n, d->id), &d->due, (uint64_t)wall_s());
		if (keep(p) != OK)
			p->failed = true;
		return;
	}
	p->failed = true;
	log_warn("notify", "%s could not be told: %s; trying again", name,
	    why->text[0] != 0 ? why->text : err_text(rc));
}

static void run_commands(struct program *p)
{
	for (size_t i = 0; i < p->count; i++) {
		struct delivery *d = &p->deliveries[i];
		struct diag why = {.text = ""};
		if (d->due.any && is_command(d))
			note(p, d, delivery_run(d, language_of(p->config), &why), &why);
	}
}

/* True when there is anybody to reach by network. */
static bool find_hosts(struct program *p)
{
	bool any = false;

	for (size_t i = 0; i < p->count; i++) {
		struct delivery *d = &p->deliveries[i];
		struct diag why = {.text = ""};
		if (!d->due.any || is_command(d))
			continue;
		enum err rc = tell_reach(&d->tell, &why);
		if (rc == OK) {
			any = true;
			continue;
		}
		note(p, d, rc, &why);
		d->due.any = false;
	}
	return any;
}

static void send_all(struct program *p)
{
	for (size_t i = 0; i < p->count; i++) {
		struct delivery *d = &p->deliveries[i];
		struct diag why = {.text = ""};
		if (d->due.any && !is_command(d))
			note(p, d, delivery_send(d, language_of(p->config), wall_s(), &why),
			    &why);
	}
}

/* What strangers answer is read from here on: no program, and none of what pupils wrote. */
static enum err limit(struct program *p, struct diag *why)
{
	const char *folders[] = {p->config->server.state_dir.text};

	enum err rc = fence_off(folders, COUNT_OF(folders), NULL, why);
	if (rc != OK && rc != ERR_UNSUPPORTED)
		return rc;
	return syscalls_limit_or_warn(SYSCALLS_NOTIFY, why);
}

static bool try_all(struct program *p)
{
	for (size_t i = 0; i < p->count; i++) {
		p->deliveries[i].due = (struct due){.any = true, .trial = true};
		if (p->deliveries[i].broken)
			p->deliveries[i].due.any = false;
		p->failed = p->failed || p->deliveries[i].broken;
	}
	return p->count > 0;
}

static enum err tell(struct program *p, struct diag *why)
{
	if (p->trial ? !try_all(p) : !find_due(p))
		return OK;
	run_commands(p);
	if (!find_hosts(p))
		return OK;
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
		diag_set(why, "libcurl cannot start");
		return ERR_MEMORY;
	}
	enum err rc = limit(p, why);
	if (rc == OK)
		send_all(p);
	curl_global_cleanup();
	return rc;
}

/* The rights and folders that a child of the supervisor gets from it. */
static enum err enter(struct program *p, struct diag *why)
{
	enum err rc = p->startup.supervised ? OK : startup_make_folders(p->config, why);

	if (rc == OK)
		rc = sandbox_enter(p->config->server.user.text, why);
	return rc == OK && !p->trial ? take_lock(p) : rc;
}

static void open_deliveries(struct program *p)
{
	const struct config_notify *all = &p->config->notify;

	for (; p->count < all->count && p->count < NOTICES_TARGETS_MAX; p->count++)
		delivery_open(&p->deliveries[p->count], &all->items[p->count]);
}

static int work(struct program *p)
{
	struct diag why = {.text = ""};

	p->config = p->startup.config;
	p->lock = -1;
	(void)signal(SIGPIPE, SIG_IGN);
	open_deliveries(p);
	enum err rc = enter(p, &why);
	if (rc == OK && !p->trial)
		rc = read_files(p);
	if (rc == OK)
		rc = tell(p, &why);
	if (rc == ERR_EXISTS || rc == ERR_NOT_FOUND)
		rc = OK; /* another one is at it, or there is nothing to tell */
	if (rc != OK)
		log_error("notify", "%s", why.text[0] != 0 ? why.text : err_text(rc));
	for (size_t i = 0; i < p->count; i++)
		delivery_close(&p->deliveries[i]);
	if (p->lock >= 0)
		(void)close(p->lock);
	return rc == OK && !p->failed ? STATUS_DONE : STATUS_NOT_TOLD;
}

int main(int argc, char **argv)
{
	static struct program p; /* large: a password for each target */
	const struct startup_option options[] = {
	    {"--try", NULL, &p.trial, N_("tell everybody that this is a trial")},
	    {NULL, NULL, NULL, NULL},
	};
	int status;

	json_memory_begin();
	startup_use_judge(judge_files);
	if (!startup_begin_with(&p.startup, "lachan-notify", argc, argv, options, &status))
		return status;
	status = work(&p);
	startup_end(&p.startup);
	return status;
}
