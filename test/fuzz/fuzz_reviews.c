/* The reviews' file: whatever stands in it, what is read is sound, and writes back as it stood.
 * Each line gets a checksum that fits as well, which chance does not find. */
#include <stdlib.h>

#include "base/hash.h"
#include "reviews/internal.h"

#define HOLDS(condition)          \
	do {                      \
		if (!(condition)) \
			abort();  \
	} while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool check_line(void *context, const struct line *line)
{
	struct reviews *r = context;
	char *text = NULL;

	HOLDS(line->id != 0 && review_day_is_sound(line->day));
	HOLDS(review_line_text(line->text, &text) == OK);
	HOLDS(text == NULL || review_text_is_sound(text));
	if (line->kind == LINE_ASKED)
		HOLDS(review_name_is_sound(line->name) && review_tier_is_sound(line->tier));
	else
		HOLDS(line->state != REVIEW_WAITING && line->until_s >= 0);
	free(text);
	enum err rc = reviews_take(r, line);
	HOLDS(rc != ERR_MEMORY && rc != ERR_IO);
	return true;
}

static void check_reviews(const struct reviews *r)
{
	size_t asks = 0;

	HOLDS(r->count <= REVIEWS_MAX && reviews_waiting(r) <= REVIEWS_WAITING);
	for (size_t i = 0; i < r->count; i++) {
		const struct review *v = &r->items[i];
		struct review_tier tiers[REVIEW_TIERS];
		HOLDS(v->ask_count > 0 && v->id < r->next_id);
		HOLDS(review_tiers(v, tiers) > 0);
		HOLDS(reviews_find(r, v->id) == v);
		HOLDS(reviews_find_code(r, v->asks[0].code) == v);
		HOLDS((v->state == REVIEW_WAITING) == (v->answer_day == 0));
		asks += v->ask_count;
	}
	HOLDS(asks == r->asks && asks <= REVIEWS_ASKS);
}

static void check_file(struct slice file)
{
	struct reviews r = {.fd = -1, .next_id = 1};
	struct line_scan scan;

	r.items = calloc(REVIEWS_MAX, sizeof *r.items);
	HOLDS(r.items != NULL);
	if (review_line_scan(&scan, file, check_line, &r) == OK) {
		HOLDS(scan.sound_bytes + scan.torn_bytes == file.len);
		HOLDS(scan.next_id > 0);
		check_reviews(&r);
	}
	for (size_t i = 0; i < r.count; i++)
		review_deinit(&r.items[i]);
	free(r.items);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice left = {data, size};
	struct buf summed = BUF_INIT(1 << 20);

	check_file(left);
	while (left.len > 0) {
		struct slice line = slice_cut(&left, '\n');
		buf_printf(&summed, "%016llx ", (unsigned long long)checksum64(0, line));
		buf_append(&summed, line);
		buf_byte(&summed, '\n');
	}
	if (buf_status(&summed) == OK)
		check_file(buf_slice(&summed));
	buf_deinit(&summed);
	return 0;
}
