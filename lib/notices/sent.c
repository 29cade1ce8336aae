#include "notices/sent.h"

#include <inttypes.h>
#include <stdio.h>

#include "notices/internal.h"

#define HEAD "lachan-notices-sent 1\n"

enum {
	NUMBERS = 3 + 2 * NOTICE_KINDS
};

/* ---- records ---- */

static struct sent_target *find(struct sent *s, uint64_t id)
{
	for (size_t i = 0; i < s->target_count; i++)
		if (s->targets[i].id == id)
			return &s->targets[i];
	return NULL;
}

static void forget_the_gone(struct sent *s, const struct notices *n)
{
	size_t kept = 0;

	for (size_t i = 0; i < s->target_count; i++)
		if (notices_find(n, s->targets[i].id) != NULL)
			s->targets[kept++] = s->targets[i];
	s->target_count = kept;
}

struct sent_target *sent_of(struct sent *s, const struct notices *n, uint64_t id)
{
	const struct notices_target *line = notices_find(n, id);

	if (line == NULL)
		return NULL;
	forget_the_gone(s, n);
	struct sent_target *target = find(s, id);
	if (target == NULL)
		target = &s->targets[s->target_count++]; /* no more than the notices have */
	else if (target->epoch_s == line->epoch_s)
		return target;
	*target = (struct sent_target){.id = id, .epoch_s = line->epoch_s};
	memcpy(target->told, line->from, sizeof target->told);
	return target;
}

void sent_try(struct sent_target *target, uint64_t now_s)
{
	uint64_t wait_s = SENT_RETRY_FIRST_S;

	for (uint64_t i = 0; i < target->failures && wait_s < SENT_RETRY_MAX_S; i++)
		wait_s *= 2;
	target->failures++;
	target->next_try_s =
	    now_s + (wait_s < SENT_RETRY_MAX_S ? wait_s : SENT_RETRY_MAX_S);
}

void sent_done(struct sent_target *target, const struct due *due, uint64_t now_s)
{
	/* Rounded up: when a pupil wrote is nobody's business. */
	uint64_t quarter = (now_s + 2 * SENT_PAUSE_S - 1) / SENT_PAUSE_S;

	for (unsigned k = 0; k < NOTICE_KINDS; k++) {
		if (target->told[k] == due->told[k])
			continue;
		target->told[k] = due->told[k];
		target->not_before_s[k] = quarter * SENT_PAUSE_S;
	}
	target->failures = 0;
	target->next_try_s = 0;
}

/* ---- the file ---- */

void sent_write(struct buf *out, const struct sent *s)
{
	buf_text(out, HEAD);
	for (size_t i = 0; i < s->target_count; i++) {
		const struct sent_target *t = &s->targets[i];
		buf_printf(out, "target %016" PRIx64 " %" PRIu64 " %" PRIu64 " %" PRIu64,
		    t->id, t->epoch_s, t->failures, t->next_try_s);
		for (unsigned k = 0; k < NOTICE_KINDS; k++)
			buf_printf(out, " %" PRIu64, t->told[k]);
		for (unsigned k = 0; k < NOTICE_KINDS; k++)
			buf_printf(out, " %" PRIu64, t->not_before_s[k]);
		buf_byte(out, '\n');
	}
	buf_text(out, NOTICES_END);
}

static bool read_line(struct sent *s, struct slice line)
{
	uint64_t numbers[NUMBERS];
	uint64_t id;

	if (s->target_count == NOTICES_TARGETS_MAX ||
	    !slice_equal(slice_cut(&line, ' '), slice_of("target")) ||
	    !notices_id(&id, slice_cut(&line, ' ')) ||
	    !notices_numbers(numbers, NUMBERS, line) || find(s, id) != NULL)
		return false;
	struct sent_target *t = &s->targets[s->target_count++];
	*t = (struct sent_target){.id = id,
	    .epoch_s = numbers[0],
	    .failures = numbers[1],
	    .next_try_s = numbers[2]};
	memcpy(t->told, numbers + 3, sizeof t->told);
	memcpy(t->not_before_s, numbers + 3 + NOTICE_KINDS, sizeof t->not_before_s);
	return true;
}

enum err sent_read(struct sent *out, struct slice text)
{
	struct sent s = {.target_count = 0};
	struct slice rest;

	enum err rc = notices_body(&rest, text, HEAD);
	if (rc != OK)
		return rc;
	while (rest.len > 0)
		if (!read_line(&s, slice_cut(&rest, '\n')))
			return ERR_FORMAT;
	*out = s;
	return OK;
}
