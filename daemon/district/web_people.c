#include "district/web_people.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>

#include "kit/limit.h"
#include "kit/lockout.h"
#include "kit/log.h"

enum {
	MINUTE_MS = 60 * 1000
};

/* What changes whenever the file does. */
struct print {
	bool there;
	ino_t inode;
	off_t size;
	struct timespec written, changed; /* chmod is a change, too */
};

struct web_people {
	uint8_t form_key[WEB_FORM_KEY_BYTES]; /* constant */
	pthread_mutex_t lock;                 /* of all below */
	struct accounts all;
	struct print print;
	struct web_sessions sessions;
	struct lockout lockout;
	struct limit limit;
	uint64_t minute; /* of `limit` */
};

static bool draw(void *out, size_t size)
{
	return getrandom(out, size, 0) == (ssize_t)size;
}

enum err web_people_new(struct web_people **out)
{
	struct web_people *people = calloc(1, sizeof *people);

	if (people == NULL)
		return ERR_MEMORY;
	if (!draw(people->form_key, sizeof people->form_key) ||
	    !draw(&people->lockout.key, sizeof people->lockout.key) ||
	    pthread_mutex_init(&people->lock, NULL) != 0) {
		free(people);
		return ERR_IO;
	}
	limit_init(&people->limit, WEB_TRIES_OF_ALL, WEB_TRIES_OF_ONE);
	*out = people;
	return OK;
}

void web_people_free(struct web_people *people)
{
	if (people == NULL)
		return;
	accounts_deinit(&people->all);
	(void)pthread_mutex_destroy(&people->lock);
	seal_wipe(people, sizeof *people);
	free(people);
}

/* ---- the file ---- */

static struct print print_of(const char *path)
{
	struct stat st;

	if (*path == 0 || stat(path, &st) != 0)
		return (struct print){.there = false};
	return (struct print){true, st.st_ino, st.st_size, st.st_mtim, st.st_ctim};
}

static bool same_time(struct timespec a, struct timespec b)
{
	return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

static bool same_print(const struct print *a, const struct print *b)
{
	return a->there == b->there && a->inode == b->inode && a->size == b->size &&
	    same_time(a->written, b->written) && same_time(a->changed, b->changed);
}

/* Under the lock. A file that cannot be read as a whole lets nobody in. */
static void look_at_file(struct web_people *people, const char *path)
{
	const struct print print = print_of(path);
	struct accounts all = {.house = ACCOUNT_HOUSE_DEPARTMENT};
	struct diag why = {.text = ""};
	char text[DIAG_LINE_BYTES];

	if (same_print(&print, &people->print))
		return;
	people->print =
	    print; /* taken before reading: a change meanwhile is seen next time */
	enum err rc = accounts_load(&all, ACCOUNT_HOUSE_DEPARTMENT, path, &why);
	accounts_deinit(&people->all);
	people->all = all;
	if (rc == OK) {
		log_info("web", "%zu accounts", all.count);
		return;
	}
	diag_describe(text, sizeof text, &why);
	log_error("web", "%s", text[0] != 0 ? text : err_text(rc));
	/* What may pass without a change of the file is tried again the next time. */
	if (rc == ERR_IO || rc == ERR_MEMORY)
		people->print = (struct print){.there = false};
}

/* ---- signing in ---- */

/* Under the lock. False: too often. */
static bool take_try(struct web_people *people, const struct web_try *try)
{
	if (try->now_ms / MINUTE_MS != people->minute) {
		people->minute = try->now_ms / MINUTE_MS;
		limit_begin(&people->limit);
	}
	return limit_take(&people->limit, try->client);
}

/* The accounts as they are now, for use without the lock. */
static enum err copy_accounts(struct accounts *out, const struct accounts *all)
{
	*out = (struct accounts){.house = all->house};
	if (all->count == 0)
		return OK;
	out->items = calloc(all->count, sizeof *out->items);
	if (out->items == NULL)
		return ERR_MEMORY;
	memcpy(out->items, all->items, all->count * sizeof *out->items);
	out->count = all->count;
	return OK;
}

struct attempt {
	char user[ACCOUNT_NAME_BYTES]; /* "" when what was typed is no name */
	char client[ADDR_TEXT_MAX];
	struct accounts all;
	struct lockout_who who;
};

static struct attempt attempt_of(const struct web_try *try)
{
	struct attempt a = {.all = {.house = ACCOUNT_HOUSE_DEPARTMENT}};

	if (!account_name_of(a.user, slice_of(try->user)))
		a.user[0] = 0;
	addr_to_text(a.client, try->client);
	return a;
}

/* Before the password: may it be asked at all? Under the lock. */
static enum web_sign_in begin_try(struct web_people *people, const struct web_try *try,
    struct attempt *a, struct web_tried *out)
{
	look_at_file(people, try->users_file);
	a->who = (struct lockout_who){.user = a->user,
	    .client = a->client,
	    .known = accounts_find(&people->all, a->user) != NULL};
	out->minutes = lockout_minutes(&people->lockout, try->now_ms, &a->who);
	if (out->minutes > 0)
		return WEB_SIGN_IN_LOCKED;
	if (!take_try(people, try))
		return WEB_SIGN_IN_BUSY;
	return copy_accounts(&a->all, &people->all) == OK ? WEB_SIGN_IN_DONE
	                                                  : WEB_SIGN_IN_FAILED;
}

static void let_in(struct web_people *people, const struct web_try *try,
    const struct attempt *a, struct web_tried *out)
{
	const struct account *account = accounts_find(&a->all, a->user);
	uint8_t random[WEB_SESSION_BYTES];

	lockout_right(&people->lockout, try->now_ms, &a->who);
	memcpy(out->person.name, account->name, sizeof out->person.name);
	out->person.roles = account->roles;
	if (draw(random, sizeof random))
		web_sessions_issue(
		    &people->sessions, try->now_ms, account, random, out->cookie);
	seal_wipe(random, sizeof random);
}

/* After the password. Under the lock. */
static enum web_sign_in end_try(struct web_people *people, const struct web_try *try,
    const struct attempt *a, struct web_tried *out)
{
	enum lockout_news news = lockout_wrong(&people->lockout, try->now_ms, &a->who);

	if (news == LOCKOUT_NOTHING)
		return WEB_SIGN_IN_WRONG;
	out->lock_began = true;
	out->minutes = lockout_minutes(&people->lockout, try->now_ms, &a->who);
	return WEB_SIGN_IN_LOCKED;
}

enum web_sign_in web_people_sign_in(
    struct web_people *people, const struct web_try *try, struct web_tried *out)
{
	struct attempt a = attempt_of(try);
	bool right = false;

	*out = (struct web_tried){.minutes = 0};
	(void)pthread_mutex_lock(&people->lock);
	enum web_sign_in result = begin_try(people, try, &a, out);
	(void)pthread_mutex_unlock(&people->lock);
	if (result != WEB_SIGN_IN_DONE)
		return result;
	if (accounts_check_password(&a.all, a.user, try->password, &right) != OK) {
		accounts_deinit(&a.all);
		return WEB_SIGN_IN_FAILED;
	}
	(void)pthread_mutex_lock(&people->lock);
	if (right)
		let_in(people, try, &a, out);
	else
		result = end_try(people, try, &a, out);
	(void)pthread_mutex_unlock(&people->lock);
	accounts_deinit(&a.all);
	return right && out->cookie[0] == 0 ? WEB_SIGN_IN_FAILED : result;
}

/* ---- who ---- */

/* Under the lock. The account decides anew with each request: who lost a role has lost it. */
static bool find_person(
    struct web_people *people, uint64_t now_ms, const char *cookie, struct web_person *out)
{
	const struct web_session *session =
	    web_sessions_find(&people->sessions, now_ms, cookie);

	if (session == NULL)
		return false;
	const struct account *account = accounts_find(&people->all, session->user);
	if (account == NULL ||
	    memcmp(account->salt, session->stamp, sizeof session->stamp) != 0) {
		web_sessions_end(&people->sessions, cookie);
		return false;
	}
	memcpy(out->name, account->name, sizeof out->name);
	out->roles = account->roles;
	return true;
}

bool web_people_who(struct web_people *people, const char *users_file, uint64_t now_ms,
    const char *cookie, struct web_person *out)
{
	(void)pthread_mutex_lock(&people->lock);
	look_at_file(people, users_file);
	bool found = find_person(people, now_ms, cookie, out);
	(void)pthread_mutex_unlock(&people->lock);
	return found;
}

void web_people_sign_out(struct web_people *people, const char *cookie)
{
	(void)pthread_mutex_lock(&people->lock);
	web_sessions_end(&people->sessions, cookie);
	(void)pthread_mutex_unlock(&people->lock);
}

enum err web_people_stranger(char out[WEB_SESSION_TEXT_BYTES])
{
	uint8_t random[WEB_SESSION_BYTES];

	if (!draw(random, sizeof random))
		return ERR_IO;
	seal_to_hex(out, (struct slice){random, sizeof random});
	return OK;
}

enum err web_people_form_token(
    const struct web_people *people, const char *cookie, char out[WEB_FORM_TEXT_BYTES])
{
	return web_form_token(out, people->form_key, cookie);
}
