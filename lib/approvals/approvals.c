#include "approvals/approvals.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/hash.h"

#define HEAD "lachan-approvals 1\n"

static const char *const KINDS[] = {[APPROVAL_YES] = "yes", [APPROVAL_HELD] = "held"};

void approvals_deinit(struct approvals *a)
{
	free(a->items);
	*a = APPROVALS_NONE;
}

/* ---- who said what ---- */

static bool is_id(const char *id)
{
	if (strlen(id) != APPROVALS_ID_BYTES - 1)
		return false;
	for (size_t i = 0; i < APPROVALS_ID_BYTES - 1; i++) {
		bool dash = i == 8 || i == 13 || i == 18 || i == 23;
		bool hex = (id[i] >= '0' && id[i] <= '9') || (id[i] >= 'a' && id[i] <= 'f');
		if (dash ? id[i] != '-' : !hex)
			return false;
	}
	return true;
}

static bool is_name(const char *by)
{
	size_t len = strlen(by);

	for (size_t i = 0; i < len; i++)
		if ((uint8_t)by[i] <= 0x20 || by[i] == 0x7f)
			return false;
	return len > 0 && len < APPROVALS_BY_BYTES;
}

const struct approval *approvals_find(
    const struct approvals *a, enum approval_kind kind, const char *id)
{
	for (size_t i = 0; i < a->count; i++)
		if (a->items[i].kind == kind && strcmp(a->items[i].id, id) == 0)
			return &a->items[i];
	return NULL;
}

enum approvals_word approvals_judge(const struct approvals *a, enum approvals_rule rule,
    enum approvals_subject subject, const char *id)
{
	if (approvals_find(a, APPROVAL_HELD, id) != NULL)
		return APPROVALS_STAYS;
	if (rule == APPROVALS_NEVER)
		return APPROVALS_GO;
	if (a->first_s == 0)
		return APPROVALS_WAITS;
	if (rule == APPROVALS_FIRST || subject == APPROVALS_QUICK)
		return APPROVALS_GO;
	return approvals_find(a, APPROVAL_YES, id) != NULL ? APPROVALS_GO : APPROVALS_WAITS;
}

static void remove_at(struct approvals *a, size_t i)
{
	a->count--;
	memmove(&a->items[i], &a->items[i + 1], (a->count - i) * sizeof *a->items);
}

/* Makes room by forgetting the oldest yes: what it was for has left long since, and if not
 * it waits for another one. */
static bool make_room(struct approvals *a)
{
	if (a->count < APPROVALS_MAX)
		return true;
	for (size_t i = 0; i < a->count; i++)
		if (a->items[i].kind == APPROVAL_YES) {
			remove_at(a, i);
			return true;
		}
	return false;
}

static enum err add(struct approvals *a, const struct approval *one)
{
	if (!is_id(one->id) || !is_name(one->by) || one->at_s <= 0)
		return ERR_RANGE;
	if (approvals_find(a, one->kind, one->id) != NULL)
		return OK;
	if (!make_room(a))
		return ERR_FULL;
	struct approval *items = realloc(a->items, (a->count + 1) * sizeof *items);
	if (items == NULL)
		return ERR_MEMORY;
	a->items = items;
	items[a->count++] = *one;
	return OK;
}

static struct approval entry(
    enum approval_kind kind, const char *id, const char *by, int64_t at_s)
{
	struct approval one = {.kind = kind, .at_s = at_s};

	/* One octet too many is seen as such. */
	if (strlen(id) < sizeof one.id)
		(void)snprintf(one.id, sizeof one.id, "%s", id);
	if (strlen(by) < sizeof one.by)
		(void)snprintf(one.by, sizeof one.by, "%s", by);
	return one;
}

enum err approvals_yes_to_all(struct approvals *a, const char *by, int64_t at_s)
{
	if (!is_name(by) || at_s <= 0)
		return ERR_RANGE;
	if (a->first_s != 0)
		return OK;
	a->first_s = at_s;
	(void)snprintf(a->first_by, sizeof a->first_by, "%s", by);
	return OK;
}

enum err approvals_yes(struct approvals *a, const char *id, const char *by, int64_t at_s)
{
	const struct approval one = entry(APPROVAL_YES, id, by, at_s);

	enum err rc = add(a, &one);
	return rc == OK ? approvals_yes_to_all(a, by, at_s) : rc;
}

enum err approvals_hold(struct approvals *a, const char *id, const char *by, int64_t at_s)
{
	const struct approval one = entry(APPROVAL_HELD, id, by, at_s);

	return add(a, &one);
}

enum err approvals_release(struct approvals *a, const char *id)
{
	const struct approval *found = approvals_find(a, APPROVAL_HELD, id);

	if (found == NULL)
		return ERR_NOT_FOUND;
	remove_at(a, (size_t)(found - a->items));
	return OK;
}

/* ---- the file ---- */

enum err approvals_encode(const struct approvals *a, struct buf *out)
{
	size_t before = out->len;

	buf_text(out, HEAD);
	if (a->first_s != 0)
		buf_printf(out, "first %" PRId64 " %s\n", a->first_s, a->first_by);
	for (size_t i = 0; i < a->count; i++) {
		const struct approval *one = &a->items[i];
		buf_printf(out, "%s %s %" PRId64 " %s\n", KINDS[one->kind], one->id,
		    one->at_s, one->by);
	}
	enum err rc = buf_status(out);
	if (rc != OK)
		return rc;
	struct slice body = {out->ptr + before, out->len - before};
	buf_printf(out, "end %016" PRIx64 "\n", checksum64(0, body));
	return buf_status(out);
}

static void take(char *out, size_t size, struct slice word)
{
	size_t n = word.len < size ? word.len : size - 1;

	if (n > 0)
		memcpy(out, word.ptr, n);
	out[n] = '\0';
}

/* One line of the file. What it does not keep, reading back to the same text finds. */
static enum err read_line(struct approvals *a, struct slice line)
{
	char by[APPROVALS_BY_BYTES];
	char id[APPROVALS_ID_BYTES] = "";
	uint64_t at = 0;
	struct slice word = slice_cut(&line, ' ');
	bool first = slice_equal(word, SLICE_LIT("first"));
	bool yes = slice_equal(word, SLICE_LIT("yes"));

	if (!first && !yes && !slice_equal(word, SLICE_LIT("held")))
		return ERR_FORMAT;
	if (!first)
		take(id, sizeof id, slice_cut(&line, ' '));
	if (!slice_to_u64(slice_cut(&line, ' '), INT64_MAX, &at))
		return ERR_FORMAT;
	take(by, sizeof by, line);
	if (first)
		return approvals_yes_to_all(a, by, (int64_t)at);
	const struct approval one =
	    entry(yes ? APPROVAL_YES : APPROVAL_HELD, id, by, (int64_t)at);
	return add(a, &one);
}

static enum err read_lines(struct approvals *a, struct slice text)
{
	struct slice rest = text;

	if (!slice_starts(rest, SLICE_LIT(HEAD)))
		return ERR_FORMAT;
	(void)slice_cut(&rest, '\n');
	while (rest.len > 0 && !slice_starts(rest, SLICE_LIT("end "))) {
		enum err rc = read_line(a, slice_cut(&rest, '\n'));
		if (rc != OK)
			return rc == ERR_MEMORY ? rc : ERR_FORMAT;
	}
	return OK;
}

enum err approvals_decode(struct approvals *out, struct slice text, struct diag *why)
{
	struct approvals made = APPROVALS_NONE;
	struct buf again = BUF_INIT(APPROVALS_FILE_MAX);

	enum err rc = read_lines(&made, text);
	if (rc == OK)
		rc = approvals_encode(&made, &again);
	if (rc == OK && !slice_equal(buf_slice(&again), text))
		rc = ERR_FORMAT;
	if (rc == OK) {
		*out = made;
	} else {
		diag_set(why, "the record of approvals is damaged");
		approvals_deinit(&made);
	}
	buf_deinit(&again);
	return rc == ERR_FULL || rc == ERR_RANGE ? ERR_FORMAT : rc;
}

enum err approvals_read(struct approvals *out, const char *path, struct diag *why)
{
	struct buf text = BUF_INIT(APPROVALS_FILE_MAX);

	enum err rc = file_read(path, &text);
	if (rc == OK) {
		rc = approvals_decode(out, buf_slice(&text), why);
	} else if (rc == ERR_NOT_FOUND) {
		*out = APPROVALS_NONE;
		rc = OK;
	} else {
		diag_set(why, "%s: %s", path, err_text(rc));
		rc = rc == ERR_FULL ? ERR_FORMAT : rc;
	}
	buf_deinit(&text);
	return rc;
}

/* The file's folder, where nobody has shared anything yet. */
static void make_folder(const char *path)
{
	char folder[FILE_PATH_BYTES];
	int n = snprintf(folder, sizeof folder, "%s", path);
	char *slash = n > 0 && (size_t)n < sizeof folder ? strrchr(folder, '/') : NULL;

	if (slash == NULL || slash == folder)
		return;
	*slash = 0;
	(void)mkdir(folder, 0750); /* what goes wrong, the file will tell */
}

enum err approvals_save(const struct approvals *a, const char *path)
{
	struct buf text = BUF_INIT(APPROVALS_FILE_MAX);

	enum err rc = approvals_encode(a, &text);
	if (rc == OK) {
		make_folder(path);
		rc = file_write_atomic(path, buf_slice(&text), 0600);
	}
	buf_deinit(&text);
	return rc;
}
