#include "sharing/state.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define STATE_HEAD   "lachan-sharing 1\n"
#define LEAVING_HEAD "lachan-leaving 1\n"
#define END          "end\n"

#define YEAR_10000 UINT64_C(253402300800)

/* ---- reading lines ---- */

/* "WORD " at the start of the next line; the rest of that line in *rest. */
static bool take_line(struct slice *text, const char *word, struct slice *rest)
{
	const uint8_t *end = text->len > 0 ? memchr(text->ptr, '\n', text->len) : NULL;

	if (end == NULL)
		return false;
	struct slice line = {text->ptr, (size_t)(end - text->ptr)};
	*text = (struct slice){end + 1, text->len - line.len - 1};
	if (!slice_equal(slice_cut(&line, ' '), slice_of(word)))
		return false;
	*rest = line;
	return true;
}

static bool to_time(struct slice text, int64_t *out)
{
	uint64_t n;

	if (!slice_to_u64(text, YEAR_10000, &n))
		return false;
	*out = (int64_t)n;
	return true;
}

static bool to_u32(struct slice text, uint32_t *out)
{
	uint64_t n;

	if (!slice_to_u64(text, UINT32_MAX, &n))
		return false;
	*out = (uint32_t)n;
	return true;
}

/* What is kept must be whole: our own writer has to make the same of it. */
static bool is_ours(struct slice text, struct buf *again)
{
	bool same = buf_status(again) == OK && slice_equal(text, buf_slice(again));

	buf_deinit(again);
	return same;
}

/* ---- a recipient ---- */

void sharing_state_write(struct buf *out, const struct sharing_state *state)
{
	buf_text(out, STATE_HEAD);
	buf_printf(out, "settings %s\n", state->settings);
	buf_printf(out, "failures %" PRIu32 "\n", state->failures);
	buf_printf(out, "next %" PRId64 "\n", state->next_s);
	buf_printf(out, "tried %" PRId64 "\n", state->tried_s);
	buf_printf(out, "delivered %" PRIu64 " %" PRId64 "\n", state->delivered,
	    state->delivered_s);
	buf_printf(out, "stopped %" PRId64 " %" PRIu32 "\n", state->stopped_s,
	    state->stopped_status);
	buf_text(out, "why ");
	for (const char *c = state->why; *c != 0; c++)
		buf_byte(out, (uint8_t)((unsigned char)*c < ' ' ? ' ' : *c));
	buf_text(out, "\n" END);
}

static bool copy_text(char *out, size_t size, struct slice text)
{
	if (text.len >= size || (text.len > 0 && memchr(text.ptr, 0, text.len) != NULL))
		return false;
	if (text.len > 0)
		memcpy(out, text.ptr, text.len);
	out[text.len] = 0;
	return true;
}

static bool read_pair(struct slice *text, const char *word, struct slice pair[2])
{
	if (!take_line(text, word, &pair[1]))
		return false;
	pair[0] = slice_cut(&pair[1], ' ');
	return pair[1].ptr != NULL;
}

static bool read_state(struct sharing_state *s, struct slice text)
{
	struct slice rest, pair[2];

	if (!slice_starts(text, SLICE_LIT(STATE_HEAD)))
		return false;
	text.ptr += sizeof STATE_HEAD - 1;
	text.len -= sizeof STATE_HEAD - 1;
	return take_line(&text, "settings", &rest) &&
	    copy_text(s->settings, sizeof s->settings, rest) &&
	    take_line(&text, "failures", &rest) && to_u32(rest, &s->failures) &&
	    take_line(&text, "next", &rest) && to_time(rest, &s->next_s) &&
	    take_line(&text, "tried", &rest) && to_time(rest, &s->tried_s) &&
	    read_pair(&text, "delivered", pair) &&
	    slice_to_u64(pair[0], UINT64_MAX, &s->delivered) &&
	    to_time(pair[1], &s->delivered_s) && read_pair(&text, "stopped", pair) &&
	    to_time(pair[0], &s->stopped_s) && to_u32(pair[1], &s->stopped_status) &&
	    take_line(&text, "why", &rest) && copy_text(s->why, sizeof s->why, rest) &&
	    slice_equal(text, SLICE_LIT(END));
}

enum err sharing_state_read(struct sharing_state *out, struct slice text)
{
	struct sharing_state state = SHARING_STATE_NONE;
	struct buf again = BUF_INIT(SHARING_STATE_MAX_BYTES);

	if (!read_state(&state, text))
		return ERR_FORMAT;
	sharing_state_write(&again, &state);
	if (!is_ours(text, &again))
		return ERR_FORMAT;
	*out = state;
	return OK;
}

/* ---- when each leaves ---- */

void sharing_leaving_deinit(struct sharing_leaving *all)
{
	free(all->items);
	*all = SHARING_LEAVING_NONE;
}

const struct sharing_moment *sharing_leaving_find(
    const struct sharing_leaving *all, const char *report_id)
{
	for (size_t i = 0; i < all->count; i++)
		if (strcmp(all->items[i].report_id, report_id) == 0)
			return &all->items[i];
	return NULL;
}

enum err sharing_leaving_add(
    struct sharing_leaving *all, const char *report_id, int64_t leave_s)
{
	size_t len = strlen(report_id);

	if (len == 0 || len >= SPOOL_ID_BYTES ||
	    strspn(report_id, "0123456789abcdef-") != len)
		return ERR_RANGE;
	if (all->count >= SHARING_LEAVING_MAX)
		return ERR_FULL;
	struct sharing_moment *more =
	    reallocarray(all->items, all->count + 1, sizeof *more);
	if (more == NULL)
		return ERR_MEMORY;
	all->items = more;
	struct sharing_moment *one = &more[all->count++];
	*one = (struct sharing_moment){.leave_s = leave_s};
	memcpy(one->report_id, report_id, len);
	return OK;
}

void sharing_leaving_set(
    struct sharing_leaving *all, const char *report_id, int64_t leave_s)
{
	for (size_t i = 0; i < all->count; i++)
		if (strcmp(all->items[i].report_id, report_id) == 0)
			all->items[i].leave_s = leave_s;
}

void sharing_leaving_sweep(struct sharing_leaving *all,
    bool (*keep)(void *context, const char *report_id), void *context)
{
	size_t kept = 0;

	for (size_t i = 0; i < all->count; i++)
		if (keep(context, all->items[i].report_id))
			all->items[kept++] = all->items[i];
	all->count = kept;
}

void sharing_leaving_write(struct buf *out, const struct sharing_leaving *all)
{
	buf_text(out, LEAVING_HEAD);
	for (size_t i = 0; i < all->count; i++)
		buf_printf(out, "%s %" PRId64 "\n", all->items[i].report_id,
		    all->items[i].leave_s);
	buf_text(out, END);
}

static enum err read_moments(struct sharing_leaving *all, struct slice text)
{
	while (text.len > sizeof END - 1) {
		char id[SPOOL_ID_BYTES];
		int64_t leave_s;
		struct slice line = slice_cut(&text, '\n');
		if (!copy_text(id, sizeof id, slice_cut(&line, ' ')) ||
		    !to_time(line, &leave_s))
			return ERR_FORMAT;
		enum err rc = sharing_leaving_add(all, id, leave_s);
		if (rc != OK)
			return rc == ERR_RANGE ? ERR_FORMAT : rc;
	}
	return OK;
}

enum err sharing_leaving_read(struct sharing_leaving *out, struct slice text)
{
	struct buf again = BUF_INIT(SHARING_LEAVING_MAX_BYTES);
	struct slice rest = text;

	if (!slice_starts(text, SLICE_LIT(LEAVING_HEAD)) ||
	    !slice_ends(text, SLICE_LIT("\n" END)))
		return ERR_FORMAT;
	rest.ptr += sizeof LEAVING_HEAD - 1;
	rest.len -= sizeof LEAVING_HEAD - 1;
	enum err rc = read_moments(out, rest);
	if (rc == OK)
		sharing_leaving_write(&again, out);
	if (rc == OK && !is_ours(text, &again))
		rc = ERR_FORMAT;
	buf_deinit(&again);
	if (rc != OK)
		sharing_leaving_deinit(out);
	return rc;
}
