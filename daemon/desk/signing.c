#include "desk/signing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include <event2/event.h>

#include "base/words.h"
#include "desk/call.h"
#include "desk/filter.h"
#include "desk/tokens.h"
#include "desk/users.h"
#include "kit/lockout.h"
#include "kit/log.h"
#include "net/addr.h"

#define WHY_WRONG  "wrong"
#define WHY_LOCKED "locked"
#define RECORDER   "lachan-desk"

enum {
	DETAIL_MAX = 900,
	BUSY_MINUTES = 1,
	LOCK_MINUTES = LOCKOUT_MS / 60000
};

/* A call that waits for its turn, with what it was asked; the password stays in the request. */
struct attempt {
	char user[ACCOUNT_NAME_BYTES];
	char client[TOKEN_CLIENT_BYTES];
};

struct signing {
	struct desk *desk;
	struct tokens tokens;
	struct lockout lockout;
	struct call *queue[SIGNING_QUEUE_MAX];
	size_t waiting;
	struct event *turn;
	uint64_t rested_at_ms; /* before that no password is looked at */
	uint64_t rest_ms;      /* between two, as the last one showed */
	/* Wrong ones that the record has not heard of, in the order of users_now(). */
	unsigned untold[ACCOUNTS_MAX];
	unsigned untold_strangers;
	unsigned seconds;
};

static struct lockout_who who_of(const struct signing *s, const struct attempt *a)
{
	return (struct lockout_who){.user = a->user,
	    .client = a->client,
	    .known = accounts_find(users_now(s->desk), a->user) != NULL};
}

/* ---- the record ---- */

static void record(struct signing *s, const char *action, const char *detail)
{
	const struct filter_entry entry = {
	    .actor = RECORDER, .action = action, .scope = "all", .detail = detail};

	filter_record(s->desk->filter, &entry);
}

static void record_lock(
    struct signing *s, const struct lockout_who *who, enum lockout_news news)
{
	char detail[160];

	if (news == LOCKOUT_NOTHING)
		return;
	(void)snprintf(detail, sizeof detail, "%s: %d wrong passwords from %s; %d minutes",
	    who->known ? who->user : "a name that nobody has",
	    news == LOCKOUT_BEGAN_HERE ? LOCKOUT_HERE : LOCKOUT_EVERYWHERE,
	    news == LOCKOUT_BEGAN_HERE ? "one place" : "everywhere", LOCK_MINUTES);
	log_warn("signing", "%s", detail);
	record(s, "sign-in-locked", detail);
}

static void note_wrong(struct signing *s, const struct attempt *a)
{
	const struct accounts *all = users_now(s->desk);
	const struct account *account = accounts_find(all, a->user);

	if (account == NULL)
		s->untold_strangers++;
	else
		s->untold[account - all->items]++;
}

static void add_wrong(struct buf *detail, const char *whose, unsigned *count)
{
	if (*count == 0)
		return;
	buf_printf(detail, "%s%s: %u", detail->len > 0 ? ", " : "", whose, *count);
	*count = 0;
}

/* In one entry; of more accounts than it has room for the last ones are left out. */
static void tell_wrong(struct signing *s)
{
	const struct accounts *all = users_now(s->desk);
	struct buf detail = BUF_INIT(DETAIL_MAX);

	add_wrong(&detail, "names that nobody has", &s->untold_strangers);
	for (size_t i = 0; i < all->count; i++)
		add_wrong(&detail, all->items[i].name, &s->untold[i]);
	if (detail.len > 0) {
		buf_byte(&detail, 0);
		record(s, "sign-in-wrong", (const char *)detail.ptr);
	}
	buf_deinit(&detail);
}

/* ---- one password ---- */

static json_t *roles_json(unsigned roles)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < ACCOUNT_SCHOOL_ROLES; i++)
		if ((roles & ACCOUNT_BIT(i)) != 0)
			(void)json_array_append_new(
			    list, json_string(account_role_word((enum account_role)i)));
	return list;
}

static void let_in(struct signing *s, struct call *c, const struct attempt *a)
{
	const struct account *account = accounts_find(users_now(s->desk), a->user);
	const struct lockout_who who = who_of(s, a);
	const uint64_t now_ms = desk_mono_ms();
	const struct token_ask ask = {now_ms, a->user, a->client};
	uint8_t random[TOKEN_BYTES];
	char token[TOKEN_TEXT_BYTES];

	if (getrandom(random, sizeof random, 0) != (ssize_t)sizeof random) {
		call_fail(c, ERR_IO);
		return;
	}
	tokens_issue(&s->tokens, &ask, random, token);
	seal_wipe(random, sizeof random);
	lockout_right(&s->lockout, now_ms, &who);
	presence_note(s->desk, account->roles);
	call_give(c,
	    json_pack("{s:s,s:s,s:o}", "token", token, "name", account->name, "roles",
	        roles_json(account->roles)));
	seal_wipe(token, sizeof token);
}

static void refuse_locked(struct call *c, unsigned minutes)
{
	call_refuse_for(c, WHY_LOCKED, minutes,
	    N_("too many wrong passwords: nobody can sign in here by this name for some "
	       "minutes"));
}

static void keep_out(struct signing *s, struct call *c, const struct attempt *a)
{
	const struct lockout_who who = who_of(s, a);
	enum lockout_news news = lockout_wrong(&s->lockout, desk_mono_ms(), &who);

	note_wrong(s, a);
	record_lock(s, &who, news);
	if (news == LOCKOUT_NOTHING)
		call_refuse(c, WHY_WRONG, N_("that name and that password do not fit"));
	else
		refuse_locked(c, lockout_minutes(&s->lockout, desk_mono_ms(), &who));
}

/* jansson gives its memory back as it is. */
static void wipe_text(const char *text)
{
	if (text != NULL)
		seal_wipe((void *)(uintptr_t)text, strlen(text));
}

/* What a password costs us: not the time in which a busy machine did something else. */
static uint64_t used_ms(void)
{
	struct timespec used;

	(void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
	return (uint64_t)used.tv_sec * 1000 + (uint64_t)used.tv_nsec / 1000000;
}

static void try_password(struct signing *s, struct call *c)
{
	const struct attempt a = *(struct attempt *)c->data; /* c ends before we do */
	const char *password = call_text(c, "password");
	uint64_t before_ms = used_ms();
	bool right = false;

	enum err rc =
	    accounts_check_password(users_now(s->desk), a.user, slice_of(password), &right);
	uint64_t rest_ms = SIGNING_REST * (used_ms() - before_ms);
	s->rest_ms = rest_ms > SIGNING_REST_MS ? rest_ms : SIGNING_REST_MS;
	s->rested_at_ms = desk_mono_ms() + s->rest_ms;
	wipe_text(password);
	if (rc != OK)
		call_fail(c, rc);
	else if (right)
		let_in(s, c, &a);
	else
		keep_out(s, c, &a);
}

/* ---- the queue ---- */

static void wait_for_turn(struct signing *s)
{
	uint64_t now_ms = desk_mono_ms();
	uint64_t wait_ms = s->rested_at_ms > now_ms ? s->rested_at_ms - now_ms : 0;
	const struct timeval wait = {.tv_sec = (time_t)(wait_ms / 1000),
	    .tv_usec = (suseconds_t)(wait_ms % 1000 * 1000)};

	if (s->waiting > 0)
		(void)event_add(s->turn, &wait);
}

/* Those who waited may have been locked out, or have gone, meanwhile. */
static bool still_wants(struct signing *s, struct call *c)
{
	const struct lockout_who who = who_of(s, c->data);
	unsigned minutes = lockout_minutes(&s->lockout, desk_mono_ms(), &who);

	if (c->peer != NULL && minutes == 0)
		return true;
	wipe_text(call_text(c, "password"));
	refuse_locked(c, minutes);
	return false;
}

static void on_turn(evutil_socket_t fd UNUSED, short what UNUSED, void *context)
{
	struct signing *s = context;
	bool tried = false;

	while (!tried && s->waiting > 0) {
		struct call *c = s->queue[0];
		s->waiting--;
		memmove(&s->queue[0], &s->queue[1], s->waiting * sizeof s->queue[0]);
		tried = still_wants(s, c);
		if (tried)
			try_password(s, c);
	}
	wait_for_turn(s);
}

static size_t waiting_of(const struct signing *s, const char *client)
{
	size_t n = 0;

	for (size_t i = 0; i < s->waiting; i++) {
		const struct attempt *a = s->queue[i]->data;
		n += strcmp(a->client, client) == 0;
	}
	return n;
}

static void join_queue(struct signing *s, struct call *c, const struct attempt *a)
{
	bool full = s->waiting >= SIGNING_QUEUE_MAX ||
	    (s->waiting > 0 && (s->waiting + 1) * s->rest_ms > SIGNING_WAIT_MS) ||
	    waiting_of(s, a->client) >= SIGNING_QUEUE_OF_CLIENT;

	if (full) {
		call_refuse_for(c, WHY_LOCKED, BUSY_MINUTES,
		    N_("too many people sign in at this moment: try again in a minute"));
		return;
	}
	c->data = malloc(sizeof *a);
	if (c->data == NULL) {
		call_fail(c, ERR_MEMORY);
		return;
	}
	memcpy(c->data, a, sizeof *a);
	s->queue[s->waiting++] = c;
	if (s->waiting == 1)
		wait_for_turn(s);
}

/* ---- commands ---- */

/* Whom the answer is for: the device that the page saw, or the user of this machine. */
static bool read_client(const struct call *c, char out[TOKEN_CLIENT_BYTES])
{
	_Static_assert((int)TOKEN_CLIENT_BYTES >= (int)CALL_ACTOR_BYTES &&
	        (int)TOKEN_CLIENT_BYTES >= (int)ADDR_TEXT_MAX,
	    "both fit");
	const char *text = call_text(c, "client");
	struct addr addr;

	if (c->from == DESK_LINE) {
		call_actor(c, out);
		return true;
	}
	if (text == NULL || addr_from_text(&addr, slice_of(text), NULL) != OK)
		return false;
	addr_to_text(out, &addr); /* one client, one text */
	return true;
}

static void on_sign_in(struct call *c)
{
	struct signing *s = c->desk->signing;
	const char *user = call_text(c, "user");
	const char *password = call_text(c, "password");
	struct attempt a;

	users_look(c->desk);
	if (user == NULL || password == NULL || !read_client(c, a.client)) {
		call_refuse(c, WHY_FAILED, N_("that is no request"));
		return;
	}
	/* What can be nobody's name or password is not worth a hash, and tells nothing. */
	if (!account_name_of(a.user, slice_of(user)) || password[0] == 0 ||
	    strlen(password) > ACCOUNT_PASSWORD_MAX) {
		call_refuse(c, WHY_WRONG, N_("that name and that password do not fit"));
		return;
	}
	const struct lockout_who who = who_of(s, &a);
	unsigned minutes = lockout_minutes(&s->lockout, desk_mono_ms(), &who);
	if (minutes > 0)
		refuse_locked(c, minutes);
	else
		join_queue(s, c, &a);
}

const struct account *signing_require(struct call *c, unsigned roles)
{
	struct signing *s = c->desk->signing;
	char client[TOKEN_CLIENT_BYTES];
	struct token_ask ask = {.now_ms = desk_mono_ms(), .client = client};

	const char *user = s != NULL && read_client(c, client)
	    ? tokens_user(&s->tokens, &ask, call_text(c, "token"))
	    : NULL;
	const struct account *account =
	    user == NULL ? NULL : accounts_find(users_now(c->desk), user);
	if (account == NULL) {
		call_refuse(c, WHY_EXPIRED, N_("please sign in again"));
		return NULL;
	}
	if ((account->roles & roles) == 0) {
		call_refuse(c, WHY_REFUSED, N_("this account may not do that"));
		return NULL;
	}
	return account;
}

void signing_actor(
    char out[SIGNING_ACTOR_BYTES], const struct account *account, unsigned roles)
{
	unsigned both = account->roles & roles;
	unsigned i = 0;

	while (i + 1 < ACCOUNT_SCHOOL_ROLES && (both & ACCOUNT_BIT(i)) == 0)
		i++;
	(void)snprintf(out, SIGNING_ACTOR_BYTES, "%s:%s",
	    account_role_word((enum account_role)i), account->name);
}

void signing_forget(struct desk *desk)
{
	if (desk->signing == NULL)
		return;
	tokens_forget(&desk->signing->tokens);
	/* They were counted by place in the list, which is another now. */
	memset(desk->signing->untold, 0, sizeof desk->signing->untold);
}

static void on_second(struct desk *desk)
{
	struct signing *s = desk->signing;

	if (++s->seconds % SIGNING_TELL_S == 0)
		tell_wrong(s);
}

static enum err open_signing(struct desk *desk, struct diag *why UNUSED)
{
	struct signing *s = calloc(1, sizeof *s);

	if (s == NULL)
		return ERR_MEMORY;
	s->desk = desk;
	s->rest_ms = SIGNING_REST_MS;
	s->turn = evtimer_new(desk->base, on_turn, s);
	if (s->turn == NULL ||
	    getrandom(&s->lockout.key, sizeof s->lockout.key, 0) !=
	        (ssize_t)sizeof s->lockout.key) {
		if (s->turn != NULL)
			event_free(s->turn);
		free(s);
		return ERR_MEMORY;
	}
	desk->signing = s;
	return OK;
}

static void close_signing(struct desk *desk)
{
	struct signing *s = desk->signing;

	desk->signing = NULL;
	event_free(s->turn);
	seal_wipe(s, sizeof *s);
	free(s);
}

static const struct part_row ROWS[] = {{"sign-in", on_sign_in}, {NULL, NULL}};

const struct part signing_part = {.name = "signing",
    .forms = ROWS,
    .desk = ROWS,
    .open = open_signing,
    .on_second = on_second,
    .close = close_signing};
