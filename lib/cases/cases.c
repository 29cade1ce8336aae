#include "cases/cases.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cases/internal.h"

enum err cases_open(struct cases **out, const char *folder,
    const uint8_t random[CASE_SALT_BYTES], struct diag *why)
{
	struct cases *c = calloc(1, sizeof *c);
	enum err rc = c == NULL ? ERR_MEMORY : OK;

	if (rc == OK) {
		c->items = calloc(CASES_MAX, sizeof c->items[0]);
		int n = snprintf(c->folder, sizeof c->folder, "%s", folder);
		rc = c->items == NULL                        ? ERR_MEMORY
		    : n < 0 || (size_t)n >= sizeof c->folder ? ERR_RANGE
		                                             : OK;
	}
	if (rc == OK)
		rc = disk_load(c, random, why);
	if (rc != OK) {
		cases_close(c);
		return rc;
	}
	*out = c;
	return OK;
}

void cases_close(struct cases *c)
{
	if (c == NULL)
		return;
	free(c->items);
	free(c);
}

struct slice cases_salt(const struct cases *c)
{
	return (struct slice){c->salt, sizeof c->salt};
}

size_t cases_damaged(const struct cases *c)
{
	return c->damaged;
}

size_t cases_count(const struct cases *c)
{
	return c->count;
}

const struct report_case *cases_at(const struct cases *c, size_t i)
{
	return &c->items[i];
}

uint32_t cases_next_id(const struct cases *c)
{
	return c->next_id;
}

static struct report_case *find(const struct cases *c, uint32_t id)
{
	for (size_t i = 0; i < c->count; i++) {
		if (c->items[i].id == id)
			return &c->items[i];
	}
	return NULL;
}

const struct report_case *cases_find(const struct cases *c, uint32_t id)
{
	return find(c, id);
}

const struct report_case *cases_find_code(
    const struct cases *c, const uint8_t code[CASE_CODE_BYTES])
{
	for (size_t i = 0; i < c->count; i++) {
		if (memcmp(c->items[i].code, code, CASE_CODE_BYTES) == 0)
			return &c->items[i];
	}
	return NULL;
}

static bool is_sealed_for(struct slice sealed, enum seal_purpose purpose)
{
	struct seal_view view;

	return seal_look(&view, sealed) == OK && view.purpose == purpose;
}

/* Writes the file of `what`, and then only the memory. `before`: bytes of its file so far. */
static enum err put(struct cases *c, struct report_case *what, struct slice sealed,
    struct slice reply, size_t before)
{
	struct buf file = BUF_INIT(CASE_FILE_MAX);
	char name[32];

	(void)snprintf(name, sizeof name, "%u.case", (unsigned)what->id);
	what->sealed_bytes = sealed.len;
	what->reply_bytes = reply.len;
	enum err rc = record_write(&file, what, sealed, reply);
	if (rc == OK && c->bytes - before + file.len > CASES_BYTES_MAX)
		rc = ERR_FULL;
	if (rc == OK)
		rc = disk_put(c, name, buf_slice(&file), what->changed_day);
	if (rc == OK)
		c->bytes = c->bytes - before + file.len;
	buf_deinit(&file);
	return rc;
}

enum err cases_add(struct cases *c, const struct case_new *what)
{
	struct report_case made = {.id = what->id,
	    .day = what->day,
	    .changed_day = what->day,
	    .reply_key = what->reply_key};

	memcpy(made.code, what->code, sizeof made.code);
	if (c->count >= CASES_MAX || c->next_id == UINT32_MAX)
		return ERR_FULL;
	if (what->id != c->next_id || cases_find_code(c, what->code) != NULL)
		return ERR_EXISTS;
	if (!is_sealed_for(what->sealed, SEAL_REPORT) || !day_is_sound(what->day))
		return ERR_FORMAT;
	enum err rc = put(c, &made, what->sealed, SLICE_EMPTY, 0);
	if (rc == ERR_IO) { /* renamed, perhaps, and the folder not synced: nothing half */
		int why = errno;
		if (disk_remove(c, made.id, made.day) != OK)
			c->next_id++; /* its number may come back with it */
		errno = why;
	}
	if (rc != OK)
		return rc;
	c->items[c->count++] = made;
	c->next_id++;
	return OK;
}

/* One change of a case: its record, and what replaces its sealed bytes (NULL: stays). */
struct change {
	struct report_case after;
	const struct slice *sealed;
	const struct slice *reply;
};

static enum err apply(struct cases *c, struct report_case *at, struct change *change)
{
	struct buf file = BUF_INIT(CASE_FILE_MAX);
	struct report_case on_disk;
	struct slice sealed;
	struct slice reply;

	enum err rc = disk_get(c, at->id, &file, &on_disk, &sealed, &reply);
	if (rc == OK && change->sealed != NULL) {
		rc = seal_same_body(sealed, *change->sealed) ? OK : ERR_DENIED;
		sealed = *change->sealed;
	}
	if (change->reply != NULL)
		reply = *change->reply;
	if (rc == OK)
		rc = put(c, &change->after, sealed, reply, file.len);
	if (rc == OK)
		*at = change->after;
	buf_deinit(&file);
	return rc;
}

enum err cases_set_state(
    struct cases *c, uint32_t id, enum case_state state, const char *owner, uint32_t day)
{
	struct report_case *at = find(c, id);

	if (at == NULL)
		return ERR_NOT_FOUND;
	if (!day_is_sound(day) || (owner != NULL && !owner_is_sound(owner)))
		return ERR_RANGE;
	struct change change = {.after = *at};
	change.after.state = state;
	change.after.changed_day = day;
	if (owner != NULL)
		(void)snprintf(change.after.owner, sizeof change.after.owner, "%s", owner);
	return apply(c, at, &change);
}

enum err cases_set_reply(struct cases *c, uint32_t id, struct slice sealed, uint32_t day)
{
	struct report_case *at = find(c, id);

	if (at == NULL)
		return ERR_NOT_FOUND;
	if (!is_sealed_for(sealed, SEAL_REPLY) || !day_is_sound(day))
		return ERR_FORMAT;
	struct change change = {.after = *at, .reply = &sealed};
	change.after.reply_day = day;
	change.after.changed_day = day;
	return apply(c, at, &change);
}

enum err cases_share(struct cases *c, uint32_t id, struct slice sealed)
{
	struct report_case *at = find(c, id);
	struct buf before = BUF_INIT(SEAL_FILE_MAX);

	if (at == NULL)
		return ERR_NOT_FOUND;
	enum err rc = is_sealed_for(sealed, SEAL_REPORT) ? OK : ERR_FORMAT;
	if (rc == OK)
		rc = cases_read(c, id, &before, NULL);
	if (rc == OK && !slice_starts(sealed, buf_slice(&before)))
		rc = ERR_DENIED;
	if (rc == OK) {
		struct change change = {.after = *at, .sealed = &sealed};
		rc = apply(c, at, &change);
	}
	buf_deinit(&before);
	return rc;
}

enum err cases_read(
    const struct cases *c, uint32_t id, struct buf *sealed, struct buf *reply)
{
	struct buf file = BUF_INIT(CASE_FILE_MAX);
	struct report_case on_disk;
	struct slice one;
	struct slice other;

	if (cases_find(c, id) == NULL)
		return ERR_NOT_FOUND;
	enum err rc = disk_get(c, id, &file, &on_disk, &one, &other);
	if (rc == OK && sealed != NULL)
		buf_append(sealed, one);
	if (rc == OK && reply != NULL)
		buf_append(reply, other);
	if (rc == OK && sealed != NULL)
		rc = buf_status(sealed);
	if (rc == OK && reply != NULL)
		rc = buf_status(reply);
	buf_deinit(&file);
	return rc;
}

/* ---- taking recipients out ---- */

struct kept {
	uint8_t (*ids)[SEAL_KEY_ID_BYTES];
	size_t count;
};

static bool is_kept(const struct kept *keep, const uint8_t *id)
{
	for (size_t i = 0; i < keep->count; i++) {
		if (memcmp(keep->ids[i], id, SEAL_KEY_ID_BYTES) == 0)
			return true;
	}
	return false;
}

/* A recipient who is to go; false when there is none, or nobody would be left who may stay. */
static bool find_dropped(
    struct slice sealed, const struct kept *keep, uint8_t out[SEAL_KEY_ID_BYTES])
{
	struct seal_view view;
	const uint8_t *gone = NULL;
	bool stays = false;

	if (seal_look(&view, sealed) != OK)
		return false;
	for (size_t i = 0; i < view.recipients; i++) {
		const uint8_t *id = seal_recipient(&view, i).ptr;
		if (is_kept(keep, id))
			stays = true;
		else
			gone = id;
	}
	if (!stays || gone == NULL)
		return false;
	memcpy(out, gone, SEAL_KEY_ID_BYTES);
	return true;
}

/* *message becomes the message without them. */
static enum err drop_others(struct buf *message, const struct kept *keep, size_t *dropped)
{
	uint8_t id[SEAL_KEY_ID_BYTES];
	enum err rc = OK;

	while (rc == OK && find_dropped(buf_slice(message), keep, id)) {
		struct buf less = BUF_INIT(SEAL_FILE_MAX);
		rc = seal_drop(&less, buf_slice(message), id);
		if (rc == OK) {
			buf_deinit(message);
			*message = less;
			++*dropped;
		} else {
			buf_deinit(&less);
		}
	}
	return rc;
}

/* The holder of the code keeps the reply, whoever leaves. */
static enum err keep_in_case(
    struct cases *c, struct report_case *at, const struct kept *keep, size_t *dropped)
{
	struct buf sealed = BUF_INIT(SEAL_FILE_MAX);
	struct buf reply = BUF_INIT(SEAL_FILE_MAX);
	struct kept with_code = *keep;
	size_t gone = 0;

	enum err rc = cases_read(c, at->id, &sealed, &reply);
	if (rc == OK)
		rc = drop_others(&sealed, keep, &gone);
	if (rc == OK && reply.len > 0)
		rc = seal_key_id(keep->ids[keep->count], &at->reply_key);
	with_code.count++;
	if (rc == OK && reply.len > 0)
		rc = drop_others(&reply, &with_code, &gone);
	if (rc == OK && gone > 0) {
		struct slice one = buf_slice(&sealed);
		struct slice other = buf_slice(&reply);
		struct change change = {.after = *at, .sealed = &one, .reply = &other};
		rc = apply(c, at, &change);
	}
	if (rc == OK)
		*dropped += gone;
	buf_deinit(&sealed);
	buf_deinit(&reply);
	return rc;
}

enum err cases_keep_recipients(
    struct cases *c, const struct seal_public *keep, size_t keep_count, size_t *dropped)
{
	struct kept kept = {.ids = calloc(keep_count + 1, sizeof kept.ids[0])};
	enum err first = kept.ids == NULL ? ERR_MEMORY : OK;

	*dropped = 0;
	for (; first == OK && kept.count < keep_count; kept.count++)
		first = seal_key_id(kept.ids[kept.count], &keep[kept.count]);
	for (size_t i = 0; kept.ids != NULL && kept.count == keep_count && i < c->count;
	     i++) {
		enum err rc = keep_in_case(c, &c->items[i], &kept, dropped);
		if (first == OK)
			first = rc;
	}
	free(kept.ids);
	return first;
}

/* ---- the end of a case ---- */

enum err cases_erase(struct cases *c, uint32_t id)
{
	struct report_case *at = find(c, id);

	if (at == NULL)
		return ERR_NOT_FOUND;
	size_t i = (size_t)(at - c->items);
	size_t size = record_bytes(at);
	/* No number comes twice: it is what a case is sealed for. */
	enum err rc = id + 1 == c->next_id ? disk_put_store(c) : OK;
	if (rc == OK)
		rc = disk_remove(c, id, at->changed_day);
	if (rc != OK)
		return rc;
	memmove(at, at + 1, (c->count - i - 1) * sizeof *at);
	c->count--;
	c->bytes -= size;
	return OK;
}

enum err cases_expire(struct cases *c, uint32_t closed_before_day, size_t *erased)
{
	enum err first = OK;

	*erased = 0;
	for (size_t i = c->count; i-- > 0;) {
		const struct report_case *at = &c->items[i];
		if (at->state != CASE_CLOSED || at->changed_day >= closed_before_day)
			continue;
		enum err rc = cases_erase(c, at->id);
		if (rc == OK)
			++*erased;
		else if (first == OK)
			first = rc;
	}
	return first;
}
