#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "control/verdict.h"
#include "dns/codes.h"
#include "filter/clock.h"
#include "filter/deciding.h"
#include "filter/diagnose.h"
#include "filter/openable.h"
#include "filter/program.h"
#include "policy/grants.h"

enum {
	VERDICT_PEERS_MAX = 8, /* the page has one connection; a few more by hand */
	VERDICTS_PER_SECOND =
	    2000, /* of one connection; beyond, no answer: the neutral page */
};

struct verdict_peer {
	struct verdict_server *server;
	int fd; /* -1: free */
	struct event *event;
	uint64_t second;
	unsigned asked;
};

struct verdict_server {
	struct program *program;
	int fd;
	struct event *event;
	char path[sizeof((struct sockaddr_un *)0)->sun_path];
	struct verdict_peer peers[VERDICT_PEERS_MAX];
};

static enum verdict_reason reason_of(enum policy_reason reason)
{
	switch (reason) {
	case REASON_NONE:
		return VERDICT_BY_NOTHING;
	case REASON_LOCKED:
		return VERDICT_BY_LOCKED;
	case REASON_REQUIRED:
		return VERDICT_BY_REQUIRED;
	case REASON_GRANT:
		return VERDICT_BY_GRANT;
	case REASON_ALLOW:
		return VERDICT_BY_ALLOW;
	case REASON_DENY:
		return VERDICT_BY_DENY;
	case REASON_ALLOW_ONLY:
		return VERDICT_BY_ALLOW_ONLY;
	case REASON_NEVER_BLOCK:
		return VERDICT_BY_NEVER_BLOCK;
	case REASON_CATEGORY:
		return VERDICT_BY_CATEGORY;
	case REASON_SAFE_SEARCH:
		return VERDICT_BY_SAFE_SEARCH;
	case REASON_BYPASS:
		return VERDICT_BY_BYPASS;
	case REASON_SERVICE:
		return VERDICT_BY_SERVICE;
	case REASON_PAUSED:
		return VERDICT_BY_PAUSE;
	case REASON_TRIAL:
		return VERDICT_BY_TRIAL;
	case REASON_PORTAL:
		return VERDICT_BY_PORTAL;
	case REASON_NO_RULES:
		return VERDICT_BY_NO_RULES;
	}
	return VERDICT_BY_NOTHING;
}

/* The contract: the name is shown to these alone. */
static bool tier_sees_names(const char *tier)
{
	return strcmp(tier, "upper_secondary") == 0 ||
	    strcmp(tier, "continuing_education") == 0 || strcmp(tier, "staff") == 0;
}

static void set_word(char *out, size_t size, const char *word)
{
	(void)snprintf(out, size, "%s", word);
}

/* One judgement: what is judged, by what, and what came of it. */
struct judgement {
	const struct snapshot *snapshot;
	struct cache *cache;
	struct moment now;
	struct policy_who who;
	struct name_hashes hashes;
	struct policy_question question;
	struct verdict verdict;
	bool by_answer; /* of what the name's answer leads to */
};

/* A name that passes by itself may have led its asker here by a CNAME: its answers lie in the
 * cache. */
static void judge_answers(struct judgement *j)
{
	static const uint16_t TYPES[] = {TYPE_A, TYPE_AAAA, TYPE_HTTPS};
	const struct hearing hearing = {
	    .policy = j->snapshot->policy,
	    .state = &j->snapshot->state,
	    .cache = j->cache,
	    .cache_now_ms = j->now.mono_ms,
	    .now = j->now,
	    .who = &j->who,
	    .question = &j->question,
	    .types = TYPES,
	    .type_count = COUNT_OF(TYPES),
	};
	struct reviewed reviewed;

	j->by_answer = hearing_of_answers(&reviewed, &hearing, &j->verdict);
	if (j->by_answer)
		j->verdict = reviewed.verdict;
}

static void judge(struct judgement *j)
{
	const struct snapshot *s = j->snapshot;

	if (s->refuse_all) {
		j->verdict = policy_refuse();
		return;
	}
	j->verdict = policy_decide(s->policy, &j->who, &j->question, &s->state, j->now);
	if (j->verdict.action == POLICY_PASS)
		judge_answers(j);
}

/* ---- "opens again at 11:30" ---- */

/* The end of a deny grant opens what nothing else blocks then. */
static int64_t end_of_grant(const struct judgement *j)
{
	const struct grants *grants = j->snapshot->state.grants;
	struct moment then = j->now;

	for (size_t i = 0; grants != NULL && i < grants_count(grants); i++) {
		const struct grant *grant = grants_at(grants, i);
		if (grant->id != j->verdict.grant || grant->always)
			continue;
		then.wall_s = grant->until_wall_s;
		then.mono_ms = grant_end_ms(grant, j->now);
		struct verdict v = policy_decide(
		    j->snapshot->policy, &j->who, &j->question, &j->snapshot->state, then);
		return v.action == POLICY_PASS ? then.wall_s : 0;
	}
	return 0;
}

static int64_t opens_at(const struct judgement *j)
{
	struct policy_opening opening;

	if (j->verdict.grant != 0)
		return end_of_grant(j);
	/* What an answer leads to is judged by its own name, which is not the question's. */
	bool opens = j->by_answer
	    ? policy_opens_at(j->snapshot->policy, j->who.tier, &j->verdict,
	          &j->snapshot->state, j->now, &opening)
	    : policy_name_opens_at(j->snapshot->policy, &j->who, &j->question, &j->verdict,
	          &j->snapshot->state, j->now, &opening);
	return opens ? opening.wall_s : 0;
}

/* The end of what opened it; a grant for always has none. */
static int64_t granted_until(const struct judgement *j)
{
	const struct grants *grants = j->snapshot->state.grants;

	if (j->verdict.action != POLICY_PASS || j->verdict.reason != REASON_GRANT)
		return 0;
	for (size_t i = 0; i < grants_count(grants); i++) {
		const struct grant *grant = grants_at(grants, i);
		if (grant->id == j->verdict.grant)
			return grant->always ? 0 : grant->until_wall_s;
	}
	return 0;
}

static int64_t at_wall(const struct judgement *j, uint64_t mono_ms)
{
	return mono_ms <= j->now.mono_ms
	    ? 0
	    : j->now.wall_s + (int64_t)((mono_ms - j->now.mono_ms + 999) / 1000);
}

static int64_t paused_until(const struct judgement *j)
{
	return at_wall(j, j->snapshot->state.tiers[j->who.tier].paused_until_ms);
}

/* Bypass names are answered as each vendor asks for: no page of ours is seen there. */
static bool may_be_opened(const struct judgement *j)
{
	const struct verdict *v = &j->verdict;

	/* A deny grant is the word of whoever runs the gateway. */
	return !v->locked && !v->required && !v->sensitive &&
	    v->reason != REASON_NO_RULES && v->reason != REASON_BYPASS &&
	    v->reason != REASON_GRANT &&
	    openable_judge(j->snapshot, j->cache, &j->question) == OPENABLE;
}

static void fill_answer(const struct judgement *j, struct verdict_answer *out)
{
	const struct policy *policy = j->snapshot->policy;
	const struct verdict *v = &j->verdict;
	const char *tier = policy_tier_at(policy, j->who.tier)->name;

	out->reason = j->by_answer ? VERDICT_BY_ANSWER : reason_of(v->reason);
	out->blocked = v->action == POLICY_BLOCK && v->reason != REASON_PORTAL;
	out->locked = v->locked;
	out->sensitive = v->sensitive;
	out->name_shown = tier_sees_names(tier);
	set_word(out->tier, sizeof out->tier, tier);
	out->by_default = !j->who.claimed;
	out->staff_until_s = at_wall(j, j->who.staff_until_ms);
	out->trial = !j->snapshot->state.enforce;
	out->paused_until_s = paused_until(j);
	out->grant_until_s = granted_until(j);
	set_word(out->group, sizeof out->group, policy_group_name(policy, j->who.group));
	if (!out->blocked)
		return;
	out->openable = may_be_opened(j);
	/* For those who work here alone, and never what must not be named. */
	if (strcmp(tier, "staff") == 0 && !v->locked && !v->sensitive && !j->by_answer) {
		deciding_list(out->rule, sizeof out->rule, j->snapshot, &j->who,
		    &j->question, j->now);
	}
	out->opens_at_s = opens_at(j);
	set_word(out->window, sizeof out->window,
	    policy_window_name(policy, j->who.tier, v->window));
	if (v->category != POLICY_NO_CATEGORY) {
		set_word(out->category, sizeof out->category,
		    policy_category_at(policy, v->category)->name);
	}
}

static void answer_question(
    struct program *p, const struct verdict_question *q, struct verdict_answer *out)
{
	const struct snapshot *s = publisher_now(p->publisher);
	const struct addr client =
	    addr_from_octets((struct slice){q->address, q->family == 4 ? 4u : 16u});
	const struct moment now = clock_moment(
	    atomic_load_explicit(&p->filter->wall_trusted, memory_order_relaxed));
	struct mac mac = MAC_NONE;
	/* As the workers do, so that page and DNS agree. */
	(void)identity_find_mac(p->filter, s, &p->ask, &client, now.mono_ms, &mac);
	struct judgement j = {
	    .snapshot = s,
	    .cache = p->filter->cache,
	    .now = now,
	    .who = identity_who(s, &client, mac, now),
	    .question = {.name = {q->name, q->name_len},
	        .hashes = &j.hashes,
	        .qtype = TYPE_A,
	        .client = &client,
	        .scratch = p->scratch},
	};

	name_hash_all(&j.hashes, j.question.name, policy_hash_key(s->policy));
	judge(&j);
	*out = (struct verdict_answer){.id = q->id,
	    .recorded = diagnose_is_kept(p->diagnose),
	    .diagnosed_until_s = diagnose_ends_at_s(p->diagnose)};
	fill_answer(&j, out);
}

static void peer_close(struct verdict_peer *peer)
{
	event_free(peer->event);
	(void)close(peer->fd);
	peer->event = NULL;
	peer->fd = -1;
}

static bool may_ask(struct verdict_peer *peer)
{
	uint64_t second = clock_mono_ms() / 1000;

	if (peer->second != second) {
		peer->second = second;
		peer->asked = 0;
	}
	return peer->asked++ < VERDICTS_PER_SECOND;
}

static void on_question(evutil_socket_t fd, short what, void *context)
{
	struct verdict_peer *peer = context;
	uint8_t bytes[VERDICT_MAX_BYTES + 1];
	struct verdict_question question;
	struct verdict_answer answer;
	size_t len;

	(void)what;
	ssize_t n = recv(fd, bytes, sizeof bytes, MSG_DONTWAIT);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	/* What is no question comes from no page of ours. */
	if (n <= 0 ||
	    verdict_decode_question((struct slice){bytes, (size_t)n}, &question) != OK) {
		peer_close(peer);
		return;
	}
	if (!may_ask(peer))
		return;
	answer_question(peer->server->program, &question, &answer);
	if (verdict_encode_answer(&answer, bytes, &len) == OK)
		(void)send(fd, bytes, len, MSG_DONTWAIT | MSG_NOSIGNAL);
}

static void on_connect(evutil_socket_t listener, short what, void *context)
{
	struct verdict_server *v = context;
	int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	(void)what;
	if (fd < 0)
		return;
	for (size_t i = 0; i < VERDICT_PEERS_MAX; i++) {
		struct verdict_peer *peer = &v->peers[i];
		if (peer->fd >= 0)
			continue;
		peer->event = event_new(
		    v->program->base, fd, EV_READ | EV_PERSIST, on_question, peer);
		if (peer->event == NULL || event_add(peer->event, NULL) != 0)
			break;
		peer->fd = fd;
		return;
	}
	(void)close(fd);
}

/* With the rights of the run folder's group alone, from the first moment. */
static int open_socket(const char *path)
{
	struct sockaddr_un sa = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	(void)snprintf(sa.sun_path, sizeof sa.sun_path, "%s", path);
	(void)unlink(path);
	mode_t before = umask(0117);
	int rc = bind(fd, (const struct sockaddr *)&sa, sizeof sa);
	(void)umask(before);
	if (rc != 0 || listen(fd, VERDICT_PEERS_MAX) != 0) {
		(void)close(fd);
		return -1;
	}
	return fd;
}

enum err verdict_server_open(
    struct verdict_server **out, struct program *p, struct diag *why)
{
	const char *run_dir = publisher_now(p->publisher)->config->server.run_dir.text;
	struct verdict_server *v = calloc(1, sizeof *v);

	if (v == NULL)
		return ERR_MEMORY;
	v->program = p;
	for (size_t i = 0; i < VERDICT_PEERS_MAX; i++)
		v->peers[i] = (struct verdict_peer){.server = v, .fd = -1};
	int n = snprintf(v->path, sizeof v->path, "%s/verdict.sock", run_dir);
	v->fd = n > 0 && (size_t)n < sizeof v->path ? open_socket(v->path) : -1;
	if (v->fd < 0) {
		diag_set(why, "%s/verdict.sock: %s", run_dir, strerror(errno));
		free(v);
		return ERR_IO;
	}
	v->event = event_new(p->base, v->fd, EV_READ | EV_PERSIST, on_connect, v);
	if (v->event == NULL || event_add(v->event, NULL) != 0) {
		verdict_server_close(v);
		return ERR_MEMORY;
	}
	*out = v;
	return OK;
}

void verdict_server_close(struct verdict_server *v)
{
	if (v == NULL)
		return;
	for (size_t i = 0; i < VERDICT_PEERS_MAX; i++) {
		if (v->peers[i].fd >= 0)
			peer_close(&v->peers[i]);
	}
	if (v->event != NULL)
		event_free(v->event);
	(void)close(v->fd);
	(void)unlink(v->path);
	free(v);
}
