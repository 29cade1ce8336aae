#include "share/lane.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include <openssl/evp.h>

#include "approvals/approvals.h"
#include "conf/config.h"
#include "kit/digest.h"
#include "kit/log.h"
#include "sharing/timing.h"

#define TYPE_SUMMARY "application/vnd.lachan.summary+json"
#define TYPE_QUICK   "application/vnd.lachan.quick-report+json"
#define QUICK        "quick-reports"

_Static_assert(
    (int)SHARING_SETTINGS_BYTES == (int)DIGEST_TEXT_BYTES, "both a SHA-256 in hex");

static int64_t wall_s(void)
{
	return (int64_t)time(NULL);
}

/* ---- the state ---- */

static enum err state_path(const struct lane *lane, char out[FILE_PATH_BYTES])
{
	int n = snprintf(out, FILE_PATH_BYTES, "%s/sharing/%s.state",
	    lane->house->config->server.state_dir.text, lane->name);

	return n > 0 && n < FILE_PATH_BYTES ? OK : ERR_RANGE;
}

static bool save(struct lane *lane)
{
	struct buf text = BUF_INIT(SHARING_STATE_MAX_BYTES);
	char path[FILE_PATH_BYTES];

	enum err rc = state_path(lane, path);
	sharing_state_write(&text, &lane->state);
	if (rc == OK)
		rc = buf_status(&text);
	if (rc == OK)
		rc = file_write_atomic(path, buf_slice(&text), 0640);
	if (rc != OK)
		log_error("share", "%s: %s; nothing leaves that could not be noted", path,
		    rc == ERR_IO ? strerror(errno) : err_text(rc));
	buf_deinit(&text);
	return rc == OK;
}

/* …/v1/summaries -> …/v1/quick-reports */
static void find_quick_url(struct lane *lane)
{
	const char *url = lane->who->url;
	const char *slash = strrchr(url, '/');

	(void)snprintf(lane->quick_url, sizeof lane->quick_url, "%.*s/" QUICK,
	    (int)(slash - url), url);
}

void lane_open(struct lane *lane, const struct lane_house *house, size_t index,
    const struct credentials *who)
{
	*lane = (struct lane){.house = house,
	    .index = index,
	    .name = house->config->share.recipients.items[index].name.text,
	    .who = who,
	    .state = SHARING_STATE_NONE,
	    .body = BUF_INIT(SPOOL_FILE_MAX)};
	char path[FILE_PATH_BYTES];

	find_quick_url(lane);
	if (state_path(lane, path) == OK)
		file_remove_leftovers(path);
	enum err rc = sharing_look_recipient(
	    &lane->state, house->config->server.state_dir.text, lane->name);
	if (rc != OK && rc != ERR_NOT_FOUND)
		log_warn("share", "%s: what was noted of it cannot be read (%s)",
		    lane->name, err_text(rc));
}

void lane_close(struct lane *lane)
{
	post_cancel(lane->posting);
	lane->posting = NULL;
	if (lane->unsaved)
		(void)save(lane);
	buf_deinit(&lane->body);
}

static void keep_failure(struct lane *lane, const char *why)
{
	(void)snprintf(lane->failure, sizeof lane->failure, "%.*s",
	    (int)sizeof lane->failure - 1, why);
	(void)snprintf(lane->state.why, sizeof lane->state.why, "%.*s",
	    (int)sizeof lane->state.why - 1, why);
}

void lane_begin(struct lane *lane, enum lane_force force)
{
	struct sharing_state *s = &lane->state;
	bool other = strcmp(s->settings, lane->who->settings) != 0;

	if (other || force == LANE_BY_PERSON) {
		s->failures = 0;
		s->next_s = 0;
		s->stopped_s = 0;
		s->stopped_status = 0;
	}
	(void)snprintf(s->settings, sizeof s->settings, "%s", lane->who->settings);
	if (s->stopped_s != 0) {
		lane->ended = true;
		(void)snprintf(lane->failure, sizeof lane->failure, "%s", s->why);
	}
	if (lane->who->broken) {
		lane->ended = true;
		keep_failure(lane, lane->who->why.text);
		log_error("share", "%s: %s", lane->name, lane->who->why.text);
		(void)save(lane);
	}
}

/* ---- what may leave ---- */

static enum approvals_rule rule_of(const struct config *config)
{
	static const enum approvals_rule rules[] = {[APPROVE_FIRST] = APPROVALS_FIRST,
	    [APPROVE_EACH] = APPROVALS_EACH,
	    [APPROVE_NEVER] = APPROVALS_NEVER};

	return rules[config->share.approve];
}

static bool is_open(const struct lane *lane, const struct outbox_entry *e)
{
	return e->ready && (e->done & UINT32_C(1) << lane->index) == 0;
}

static bool may_leave(
    const struct lane *lane, const struct approvals *said, const struct outbox_entry *e)
{
	return approvals_judge(said, rule_of(lane->house->config),
	           e->document.quick ? APPROVALS_QUICK : APPROVALS_SUMMARY,
	           e->document.report_id) == APPROVALS_GO;
}

/* Read each time: somebody may say no while a backlog drains. False: nothing may leave. */
static bool read_approvals(const struct lane *lane, struct approvals *out)
{
	struct diag why = {.text = ""};

	*out = APPROVALS_NONE;
	enum err rc = approvals_read(out, lane->house->outbox->approvals_path, &why);
	if (rc != OK)
		log_error("share", "%s: %s; nothing leaves",
		    lane->house->outbox->approvals_path,
		    why.text[0] != 0 ? why.text : err_text(rc));
	return rc == OK;
}

static struct outbox_entry *pick(const struct lane *lane, int64_t now_s)
{
	const struct outbox *o = lane->house->outbox;
	struct outbox_entry *found = NULL;
	struct approvals said;

	if (!read_approvals(lane, &said))
		return NULL;
	for (size_t i = 0; i < o->count && found == NULL; i++) {
		struct outbox_entry *e = &o->entries[i];
		if (is_open(lane, e) && e->leave_s <= now_s && may_leave(lane, &said, e))
			found = e;
	}
	approvals_deinit(&said);
	return found;
}

int64_t lane_next(const struct lane *lane, int64_t now_s)
{
	const struct outbox *o = lane->house->outbox;
	struct approvals said;
	int64_t next_s = 0;

	if (lane->ended || !read_approvals(lane, &said))
		return 0;
	for (size_t i = 0; i < o->count; i++) {
		const struct outbox_entry *e = &o->entries[i];
		if (is_open(lane, e) && may_leave(lane, &said, e) &&
		    (next_s == 0 || e->leave_s < next_s))
			next_s = e->leave_s > 0 ? e->leave_s : now_s;
	}
	approvals_deinit(&said);
	if (next_s != 0 && !sharing_is_due(lane->state.next_s, now_s) &&
	    next_s < lane->state.next_s)
		next_s = lane->state.next_s;
	return next_s;
}

/* ---- answers ---- */

static struct outbox_entry *find_entry(const struct lane *lane)
{
	const struct outbox *o = lane->house->outbox;

	for (size_t i = 0; i < o->count; i++)
		if (strcmp(o->entries[i].document.name, lane->document) == 0)
			return &o->entries[i];
	return NULL;
}

static bool write_receipt(
    const struct lane *lane, const struct sharing_receipt *receipt, enum sharing_word word)
{
	struct buf text = BUF_INIT(SHARING_RECEIPT_MAX_BYTES);
	char path[FILE_PATH_BYTES];

	sharing_receipt_write(&text, receipt);
	enum err rc = buf_status(&text);
	if (rc == OK)
		rc = sharing_receipt_path(path, sizeof path,
		    lane->house->config->server.state_dir.text, lane->name, lane->document,
		    word);
	if (rc == OK)
		rc = file_write_atomic(path, buf_slice(&text), 0640);
	if (rc != OK)
		log_error("share", "%s: the receipt of %s cannot be kept: %s", lane->name,
		    lane->document, rc == ERR_IO ? strerror(errno) : err_text(rc));
	buf_deinit(&text);
	return rc == OK;
}

/* The same octets go out again later, and the receiver says that it has them. */
static void try_again(struct lane *lane, uint32_t retry_after_s, const char *why)
{
	struct sharing_state *s = &lane->state;
	uint64_t random = lane->house->outbox->draw();

	s->failures++;
	s->next_s = wall_s() + sharing_backoff_s(s->failures, retry_after_s, random);
	keep_failure(lane, why);
	log_warn("share", "%s: %s; again in %lld s", lane->name, why,
	    (long long)(s->next_s - wall_s()));
	if (!save(lane))
		lane->ended = true;
}

static void settle(struct lane *lane, struct outbox_entry *entry,
    const struct post_answer *answer, enum sharing_word word)
{
	const struct sharing_receipt receipt = {.recipient = lane->name,
	    .report_id = entry->document.report_id,
	    .sha256 = lane->sha256,
	    .bytes = lane->body.len,
	    .status = answer->status,
	    .at_s = wall_s(),
	    .error = word == SHARING_WAS_REFUSED ? answer->why : ""};
	const struct tell_entry told = {.recipient = lane->name,
	    .report_id = entry->document.report_id,
	    .sha256 = lane->sha256,
	    .status = answer->status};
	struct sharing_state *s = &lane->state;
	bool had_failed = s->failures > 0;

	if (!write_receipt(lane, &receipt, word)) {
		try_again(lane, 0, "the receipt cannot be kept");
		return;
	}
	s->failures = 0;
	s->next_s = 0;
	if (word == SHARING_WAS_TAKEN) {
		s->delivered++;
		s->delivered_s = receipt.at_s;
		s->why[0] = 0;
		lane->sent++;
		log_debug("share", "%s has %s", lane->name, lane->document);
	} else {
		lane->refused++;
		keep_failure(lane, answer->why);
		log_error("share", "%s refuses %s for good: %s", lane->name, lane->document,
		    answer->why);
	}
	tell_record(lane->house->tell,
	    word == SHARING_WAS_TAKEN ? "share" : "share-refused", &told);
	/* The receipt is what counts; how many there were is written when the run ends. */
	lane->unsaved = !had_failed && word == SHARING_WAS_TAKEN;
	if (!lane->unsaved && !save(lane))
		lane->ended = true;
	outbox_done(lane->house->outbox, entry, lane->index);
}

static void stop(struct lane *lane, const struct post_answer *answer)
{
	const struct tell_entry told = {.recipient = lane->name,
	    .report_id = "",
	    .sha256 = "",
	    .status = answer->status};

	lane->state.stopped_s = wall_s();
	lane->state.stopped_status = answer->status;
	lane->ended = true;
	keep_failure(lane, answer->why);
	log_error("share",
	    "%s does not know us (%s): nothing is sent until the configuration changes "
	    "(lachanctl enrol)",
	    lane->name, answer->why);
	tell_record(lane->house->tell, "share-stopped", &told);
	(void)save(lane);
}

static void on_answer(void *context, const struct post_answer *answer)
{
	struct lane *lane = context;
	struct outbox_entry *entry = find_entry(lane);

	lane->posting = NULL;
	switch (sharing_judge(answer->status)) {
	case SHARING_TAKEN:
	case SHARING_REFUSED:
		if (entry != NULL)
			settle(lane, entry, answer,
			    sharing_judge(answer->status) == SHARING_TAKEN
			        ? SHARING_WAS_TAKEN
			        : SHARING_WAS_REFUSED);
		break;
	case SHARING_STOPPED:
		stop(lane, answer);
		break;
	case SHARING_AGAIN:
		try_again(lane, answer->retry_after_s, answer->why);
		break;
	}
	lane->house->on_idle(lane->house->context);
}

/* ---- sending ---- */

static enum err sum_up(struct lane *lane)
{
	EVP_MD_CTX *sum = NULL;

	enum err rc = digest_begin(&sum);
	if (rc != OK)
		return rc;
	digest_add(sum, buf_slice(&lane->body));
	digest_end(&sum, lane->sha256);
	return OK;
}

static enum err post_entry(struct lane *lane, const struct outbox_entry *e)
{
	const bool quick = e->document.quick;

	buf_reset(&lane->body);
	enum err rc = outbox_read(lane->house->outbox, e, &lane->body);
	if (rc == OK)
		rc = sum_up(lane);
	if (rc != OK)
		return rc;
	const struct post_request request = {.who = lane->who,
	    .url = quick ? lane->quick_url : lane->who->url,
	    .type = quick ? TYPE_QUICK : TYPE_SUMMARY,
	    .encoding = "gzip",
	    .body = buf_slice(&lane->body)};
	(void)snprintf(lane->document, sizeof lane->document, "%s", e->document.name);
	return post_start(&lane->posting, &lane->house->line, &request, on_answer, lane);
}

/* While the disk takes nothing, no receipt could be kept and every run would send all anew. */
static bool note_try(struct lane *lane, int64_t now_s)
{
	if (lane->noted)
		return true;
	lane->state.tried_s = now_s;
	lane->noted = save(lane);
	lane->ended = !lane->noted;
	if (lane->ended)
		(void)snprintf(lane->failure, sizeof lane->failure, "%s",
		    "what happens cannot be noted");
	return lane->noted;
}

void lane_go(struct lane *lane, int64_t now_s)
{
	while (lane->posting == NULL && !lane->ended &&
	    sharing_is_due(lane->state.next_s, now_s)) {
		struct outbox_entry *e = pick(lane, now_s);
		if (e == NULL || !note_try(lane, now_s))
			return;
		enum err rc = post_entry(lane, e);
		if (rc == OK)
			return;
		/* Somebody removed it, or it cannot be read: the others go on. */
		e->ready = false;
		log_warn("share", "%s cannot be sent: %s", e->document.name,
		    rc == ERR_IO ? strerror(errno) : err_text(rc));
	}
}
