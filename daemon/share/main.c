/* lachan-share -- sends what waits in the outbox to those whom `share` names, and ends.
 *
 *	tokens, certificates, the key   with the rights of who started us
 *	sandbox, lock                   as server.user
 *	libcurl                         loads libraries
 *	limits                          of state_dir only outbox/, sent/ and sharing/ can be read
 *	signing, sending                each answer noted before the next document */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include <curl/curl.h>
#include <openssl/crypto.h>

#include "base/file.h"
#include "base/words.h"
#include "kit/fence.h"
#include "kit/json_memory.h"
#include "kit/judge.h"
#include "kit/log.h"
#include "kit/sandbox.h"
#include "kit/startup.h"
#include "kit/syscalls.h"
#include "share/enrol.h"
#include "share/run.h"

enum {
	STATUS_DONE = 0,
	STATUS_NOT_SENT = 1
};

struct options {
	bool due;
	bool now;
	bool enrol;
};

struct program {
	struct startup startup;
	const struct config *config;
	struct options options;
	struct credentials credentials[RUN_RECIPIENTS_MAX];
	size_t count;
	struct sign_key key;
	bool enrolled;
	struct enrol *enrol;
	struct run_lock lock;
};

/* ---- what is read with the rights of who started us ---- */

static void read_key(struct program *p)
{
	struct buf text = BUF_INIT(SIGN_FILE_MAX);
	struct diag why = {.text = ""};
	const char *path = p->config->share.signing_key.text;

	enum err rc = file_read(path, &text);
	if (rc == OK)
		rc = sign_key_read(&p->key, buf_slice(&text), &why);
	p->enrolled = rc == OK;
	if (rc != OK && rc != ERR_NOT_FOUND)
		log_error(
		    "share", "%s: %s", path, why.text[0] != 0 ? why.text : err_text(rc));
	if (text.ptr != NULL)
		OPENSSL_cleanse(text.ptr, text.cap);
	buf_deinit(&text);
}

static void read_secrets(struct program *p)
{
	const struct config_recipients *all = &p->config->share.recipients;

	read_key(p);
	for (; p->count < all->count && p->count < RUN_RECIPIENTS_MAX; p->count++)
		credentials_read(&p->credentials[p->count], &all->items[p->count],
		    p->config->school.unit.text, &p->key.public);
}

/* ---- rights ---- */

static enum err enter(struct program *p, struct diag *why)
{
	enum err rc = p->startup.supervised ? OK : startup_make_folders(p->config, why);

	if (rc == OK)
		rc = sandbox_enter(p->config->server.user.text, why);
	if (rc == OK && !p->options.enrol)
		rc = run_take_lock(&p->lock, p->config, why);
	return rc;
}

/* What strangers answer is read from here on: no program, and nothing of what pupils wrote. */
static enum err limit(const struct program *p, struct diag *why)
{
	static const char *const names[] = {"outbox", "sent", "sharing"};
	static char paths[COUNT_OF(names)][FILE_PATH_BYTES];
	const char *folders[] = {p->config->server.state_dir.text};
	const char *open_ones[COUNT_OF(names) + 1] = {NULL};

	for (size_t i = 0; i < COUNT_OF(names); i++) {
		enum err rc = path_join(paths[i], sizeof paths[i], folders[0], names[i]);
		if (rc != OK)
			return rc;
		open_ones[i] = paths[i];
	}
	enum err rc = fence_off(folders, COUNT_OF(folders), open_ones, why);
	if (rc != OK && rc != ERR_UNSUPPORTED)
		return rc;
	return syscalls_limit_or_warn(SYSCALLS_SHARE, why);
}

/* ---- results ---- */

static void say(const struct run_result *result)
{
	if (!result->clock_trusted)
		puts(_("The clock is not trusted: nothing is sent before it is set."));
	else if (!result->enrolled)
		puts(_("This school is not enrolled: nothing is signed, nothing is sent "
		       "(lachanctl enrol FILE)."));
	for (size_t i = 0; i < result->count; i++) {
		printf(_("%s: %zu sent, %zu refused, %zu wait\n"),
		    result->recipients[i].name, result->recipients[i].sent,
		    result->recipients[i].refused, result->recipients[i].waiting);
		if (result->recipients[i].failure[0] != 0)
			printf("    %s\n", result->recipients[i].failure);
	}
}

static int share(struct program *p, struct diag *why)
{
	struct run_result result;
	enum run_mode mode = p->options.due ? RUN_DUE
	    : p->options.now                ? RUN_ASKED
	                                    : RUN_BY_HAND;

	enum err rc = run_share(
	    &result, p->config, p->credentials, p->enrolled ? &p->key : NULL, mode, why);
	if (rc != OK) {
		log_error("share", "%s", why->text[0] != 0 ? why->text : err_text(rc));
		return STATUS_NOT_SENT;
	}
	if (!result.clock_trusted && p->count > 0)
		log_warn("share", "the clock is not trusted: nothing is sent");
	if (mode == RUN_BY_HAND) {
		startup_speak_to_person(&p->startup);
		say(&result);
		startup_speak_to_log();
	}
	return result.failed ? STATUS_NOT_SENT : STATUS_DONE;
}

static int work(struct program *p)
{
	struct diag why = {.text = ""};
	int status = STATUS_NOT_SENT;

	p->config = p->startup.config;
	p->lock.fd = -1;
	(void)signal(SIGPIPE, SIG_IGN);
	enum err rc = p->options.enrol ? enrol_read(&p->enrol, &why) : OK;
	if (rc == OK && !p->options.enrol)
		read_secrets(p);
	if (rc == OK)
		rc = enter(p, &why);
	if (rc == ERR_AGAIN && !p->options.due && !p->options.now) {
		startup_speak_to_person(&p->startup);
		puts(_(
		    "lachan-share is at work already: what is due leaves within minutes."));
		return STATUS_NOT_SENT;
	}
	if (rc == OK && curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		rc = ERR_MEMORY;
	if (rc == OK)
		rc = limit(p, &why);
	if (rc == ERR_AGAIN)
		status = STATUS_DONE; /* another one is at it */
	else if (rc != OK)
		log_error("share", "%s", why.text[0] != 0 ? why.text : err_text(rc));
	else if (p->options.enrol)
		status =
		    enrol_ask(p->enrol, p->config) == OK ? STATUS_DONE : STATUS_NOT_SENT;
	else
		status = share(p, &why);
	return status;
}

static void clean(struct program *p)
{
	enrol_free(p->enrol);
	for (size_t i = 0; i < p->count; i++)
		credentials_wipe(&p->credentials[i]);
	sign_key_wipe(&p->key);
	run_drop_lock(&p->lock);
	curl_global_cleanup();
}

int main(int argc, char **argv)
{
	static struct program p; /* large: a token for each recipient */
	const struct startup_option options[] = {
	    {"--due", NULL, &p.options.due,
	        N_("send what is due, and wait for what is nearly so")},
	    {"--now", NULL, &p.options.now,
	        N_("the same, and forget back-off and delay once")},
	    {"--enrol", NULL, &p.options.enrol,
	        N_("ask the department that standard input names (for lachanctl enrol)")},
	    {NULL, NULL, NULL, NULL},
	};
	int status;

	json_memory_begin();
	startup_use_judge(judge_files);
	if (!startup_begin_with(&p.startup, "lachan-share", argc, argv, options, &status))
		return status;
	status = work(&p);
	clean(&p);
	startup_end(&p.startup);
	return status;
}
