#include <stdio.h>
#include <stdlib.h>

#include "base/hash.h"
#include "reviews/internal.h"

/* To the year 9999: sums of times cannot overflow. */
#define UNTIL_MAX 253402300799ull

static const char FORMAT[] = "lachan-reviews 1";

/* ---- writing ---- */

static void put_text(struct buf *out, const char *text)
{
	for (; *text != 0; text++) {
		if (*text == '\n') {
			buf_text(out, "\\n");
		} else if (*text == '\\') {
			buf_text(out, "\\\\");
		} else {
			buf_byte(out, (uint8_t)*text);
		}
	}
}

static void put_asked(struct buf *out, const struct line *line)
{
	buf_printf(out, "asked %u %u %s ", line->id, line->day, line->tier);
	for (size_t i = 0; i < REVIEW_CODE_BYTES; i++)
		buf_printf(out, "%02x", line->code[i]);
	buf_printf(out, " %s ", line->name);
}

/* What stands before the text, which is the caller's to add. */
static void put_fields(struct buf *out, const struct line *line)
{
	switch (line->kind) {
	case LINE_HEAD:
		buf_printf(out, "%s %u", FORMAT, line->id);
		break;
	case LINE_ASKED:
		put_asked(out, line);
		break;
	case LINE_ANSWERED:
		buf_printf(out, "answered %u %u %s %lld ", line->id, line->day,
		    review_state_word(line->state), (long long)line->until_s);
		break;
	}
}

enum err review_line_write(struct buf *out, const struct line *line, const char *text)
{
	struct buf rest = BUF_INIT(LINE_MAX_BYTES);

	put_fields(&rest, line);
	if (line->kind != LINE_HEAD)
		put_text(&rest, text);
	enum err rc = buf_status(&rest);
	if (rc == OK) {
		buf_printf(
		    out, "%016llx ", (unsigned long long)checksum64(0, buf_slice(&rest)));
		buf_append(out, buf_slice(&rest));
		buf_byte(out, '\n');
		rc = buf_status(out);
	}
	buf_deinit(&rest);
	return rc;
}

/* ---- reading ---- */

static int hex_value(uint8_t c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool read_hex(struct slice digits, uint8_t *out, size_t len)
{
	if (digits.len != 2 * len)
		return false;
	for (size_t i = 0; i < len; i++) {
		int high = hex_value(digits.ptr[2 * i]);
		int low = hex_value(digits.ptr[2 * i + 1]);
		if (high < 0 || low < 0)
			return false;
		out[i] = (uint8_t)(high << 4 | low);
	}
	return true;
}

static bool sum_fits(struct slice line, struct slice *rest)
{
	uint8_t sum[8], said[8];

	if (line.len <= LINE_SUM_BYTES || line.len > LINE_MAX_BYTES + LINE_SUM_BYTES ||
	    line.ptr[LINE_SUM_BYTES - 1] != ' ' ||
	    !read_hex((struct slice){line.ptr, LINE_SUM_BYTES - 1}, said, sizeof said))
		return false;
	*rest = (struct slice){line.ptr + LINE_SUM_BYTES, line.len - LINE_SUM_BYTES};
	uint64_t value = checksum64(0, *rest);
	for (size_t i = 0; i < sizeof sum; i++)
		sum[i] = (uint8_t)(value >> (56 - 8 * i));
	return memcmp(sum, said, sizeof sum) == 0;
}

static bool take_number(struct slice *rest, uint64_t max, uint64_t *out)
{
	return slice_to_u64(slice_cut(rest, ' '), max, out);
}

static bool take_word(struct slice *rest, char *out, size_t size)
{
	struct slice word = slice_cut(rest, ' ');

	if (word.len == 0 || word.len >= size || memchr(word.ptr, 0, word.len) != NULL)
		return false;
	memcpy(out, word.ptr, word.len);
	out[word.len] = 0;
	return true;
}

static bool take_id_and_day(struct slice *rest, struct line *out)
{
	uint64_t id, day;

	if (!take_number(rest, UINT32_MAX - 1, &id) || id == 0 ||
	    !take_number(rest, UINT32_MAX, &day) || !review_day_is_sound((uint32_t)day))
		return false;
	out->id = (uint32_t)id;
	out->day = (uint32_t)day;
	return true;
}

static bool read_asked(struct slice rest, struct line *out)
{
	out->kind = LINE_ASKED;
	if (!take_id_and_day(&rest, out) ||
	    !take_word(&rest, out->tier, sizeof out->tier) ||
	    !review_tier_is_sound(out->tier) ||
	    !read_hex(slice_cut(&rest, ' '), out->code, sizeof out->code) ||
	    !take_word(&rest, out->name, sizeof out->name) ||
	    !review_name_is_sound(out->name) || rest.ptr == NULL)
		return false;
	out->text = rest;
	return true;
}

static bool read_answered(struct slice rest, struct line *out)
{
	char word[16];
	uint64_t until;

	out->kind = LINE_ANSWERED;
	if (!take_id_and_day(&rest, out) || !take_word(&rest, word, sizeof word) ||
	    !take_number(&rest, UNTIL_MAX, &until) || rest.ptr == NULL)
		return false;
	out->state = strcmp(word, "opened") == 0 ? REVIEW_OPENED
	    : strcmp(word, "kept") == 0          ? REVIEW_KEPT
	                                         : REVIEW_WAITING;
	out->until_s = (int64_t)until;
	out->text = rest;
	return out->state == REVIEW_OPENED || (out->state == REVIEW_KEPT && until == 0);
}

static bool read_head(struct slice rest, struct line *out)
{
	uint64_t id;

	out->kind = LINE_HEAD;
	if (!slice_to_u64(rest, UINT32_MAX, &id) || id == 0)
		return false;
	out->id = (uint32_t)id;
	return true;
}

static bool read_fields(struct slice rest, struct line *out)
{
	static const struct {
		struct slice prefix;
		bool (*read)(struct slice rest, struct line *out);
	} kinds[] = {
	    {SLICE_LIT("lachan-reviews 1 "), read_head},
	    {SLICE_LIT("asked "), read_asked},
	    {SLICE_LIT("answered "), read_answered},
	};

	for (size_t i = 0; i < COUNT_OF(kinds); i++) {
		struct slice prefix = kinds[i].prefix;
		if (slice_starts(rest, prefix)) {
			return kinds[i].read(
			    (struct slice){rest.ptr + prefix.len, rest.len - prefix.len},
			    out);
		}
	}
	return false;
}

enum err review_line_text(struct slice escaped, char **out)
{
	char *text;
	size_t n = 0;

	*out = NULL;
	if (escaped.len == 0)
		return OK;
	text = malloc(escaped.len + 1);
	if (text == NULL)
		return ERR_MEMORY;
	for (size_t i = 0; i < escaped.len; i++) {
		char c = (char)escaped.ptr[i];
		if (c == '\\' && i + 1 < escaped.len)
			c = escaped.ptr[++i] == 'n' ? '\n' : (char)escaped.ptr[i];
		text[n++] = c;
	}
	text[n] = 0;
	*out = text;
	return OK;
}

/* Each value has one way to be written: what reads as the same but looks different was not
 * written by us. */
static bool is_as_written(struct slice bytes, const struct line *line)
{
	struct buf again = BUF_INIT(LINE_MAX_BYTES + LINE_SUM_BYTES + 1);
	char *text = NULL;
	bool same = false;

	if (memchr(bytes.ptr, 0, bytes.len) != NULL ||
	    review_line_text(line->text, &text) != OK)
		return false;
	if ((text == NULL || review_text_is_sound(text)) &&
	    review_line_write(&again, line, text == NULL ? "" : text) == OK) {
		same = slice_equal(bytes, (struct slice){again.ptr, again.len - 1});
	}
	free(text);
	buf_deinit(&again);
	return same;
}

bool review_line_read(struct slice bytes, struct line *out)
{
	struct line line = {.text = SLICE_EMPTY};
	struct slice rest;

	if (!sum_fits(bytes, &rest) || !read_fields(rest, &line) ||
	    !is_as_written(bytes, &line))
		return false;
	*out = line;
	return true;
}

/* ---- a whole file ---- */

enum err review_line_scan(
    struct line_scan *out, struct slice file, review_line_fn *take, void *context)
{
	size_t at = 0, unread = 0;
	struct line line;

	*out = (struct line_scan){.next_id = 1};
	while (at < file.len) {
		struct slice left = {file.ptr + at, file.len - at};
		const uint8_t *end = memchr(left.ptr, '\n', left.len);
		size_t len = end == NULL ? left.len : (size_t)(end - left.ptr);
		bool sound =
		    end != NULL && review_line_read((struct slice){left.ptr, len}, &line);
		if (at == 0 && (!sound || line.kind != LINE_HEAD))
			return ERR_FORMAT;
		if (at == 0) {
			out->next_id = line.id;
		} else if (sound && line.kind != LINE_HEAD) {
			if (!take(context, &line))
				return ERR_MEMORY;
		} else {
			sound = false;
			unread++;
		}
		at += len + (end == NULL ? 0 : 1);
		if (sound) {
			out->sound_bytes = at;
			out->damaged += unread;
			unread = 0;
		}
	}
	out->torn_bytes = file.len - out->sound_bytes;
	return OK;
}
