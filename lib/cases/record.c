/* One case as bytes: three lines, a checksum over everything else, the sealed messages. */
#include <stdio.h>
#include <string.h>

#include "base/hash.h"
#include "cases/internal.h"

static const char *const STATE_WORDS[] = {"new", "taken", "referred", "closed"};

enum {
	SUM_LINE_BYTES = 17
};

const char *case_state_word(enum case_state state)
{
	return STATE_WORDS[state];
}

bool case_state_of(enum case_state *out, const char *word)
{
	for (size_t i = 0; word != NULL && i < COUNT_OF(STATE_WORDS); i++) {
		if (strcmp(word, STATE_WORDS[i]) == 0) {
			*out = (enum case_state)i;
			return true;
		}
	}
	return false;
}

bool day_is_sound(uint32_t day)
{
	uint32_t month = day / 100 % 100;
	uint32_t in_month = day % 100;

	return day / 10000 >= 2020 && day / 10000 <= 9999 && month >= 1 && month <= 12 &&
	    in_month >= 1 && in_month <= 31;
}

/* What an account may be called, or nobody. */
bool owner_is_sound(const char *owner)
{
	size_t len = strlen(owner);

	return len < CASE_OWNER_BYTES &&
	    strspn(owner, "abcdefghijklmnopqrstuvwxyz0123456789._-") == len;
}

static int head_write(char out[RECORD_HEAD_MAX], const struct report_case *what)
{
	char code[2 * CASE_CODE_BYTES + 1];
	char key[2 * SEAL_KEY_BYTES + 1];

	seal_to_hex(code, (struct slice){what->code, sizeof what->code});
	seal_to_hex(key, (struct slice){what->reply_key.bytes, SEAL_KEY_BYTES});
	return snprintf(out, RECORD_HEAD_MAX,
	    "lachan-case 1\n"
	    "id=%u day=%u state=%s changed=%u owner=%s\n"
	    "code=%s reply-key=%s sealed=%zu reply-day=%u reply=%zu\n",
	    (unsigned)what->id, (unsigned)what->day, case_state_word(what->state),
	    (unsigned)what->changed_day, what->owner, code, key, what->sealed_bytes,
	    (unsigned)what->reply_day, what->reply_bytes);
}

size_t record_bytes(const struct report_case *what)
{
	char head[RECORD_HEAD_MAX];

	return (size_t)head_write(head, what) + SUM_LINE_BYTES + what->sealed_bytes +
	    what->reply_bytes;
}

static void sum_line(char out[SUM_LINE_BYTES + 1], struct slice head, struct slice sealed,
    struct slice reply)
{
	uint64_t sum = checksum64(checksum64(checksum64(0, head), sealed), reply);

	(void)snprintf(out, SUM_LINE_BYTES + 1, "%016llx\n", (unsigned long long)sum);
}

enum err record_write(struct buf *out, const struct report_case *what, struct slice sealed,
    struct slice reply)
{
	struct report_case measured = *what;
	char head[RECORD_HEAD_MAX];
	char sum[SUM_LINE_BYTES + 1];

	measured.sealed_bytes = sealed.len;
	measured.reply_bytes = reply.len;
	struct slice lines = {(const uint8_t *)head, (size_t)head_write(head, &measured)};
	sum_line(sum, lines, sealed, reply);
	buf_append(out, lines);
	buf_text(out, sum);
	buf_append(out, sealed);
	buf_append(out, reply);
	return buf_status(out);
}

/* The value of the next word of the line, which is KEY=VALUE. */
static struct slice take_value(struct slice *line, const char *key)
{
	struct slice word = slice_cut(line, ' ');
	struct slice name = slice_cut(&word, '=');

	return slice_equal(name, slice_of(key)) ? word : SLICE_EMPTY;
}

static bool take_number(struct slice *line, const char *key, uint64_t max, uint64_t *out)
{
	return slice_to_u64(take_value(line, key), max, out);
}

static bool take_text(struct slice *line, const char *key, char *out, size_t size)
{
	struct slice value = take_value(line, key);

	if (value.len >= size)
		return false;
	if (value.len > 0)
		memcpy(out, value.ptr, value.len);
	out[value.len] = '\0';
	return true;
}

static bool first_line(struct report_case *w, struct slice line)
{
	uint64_t id = 0;
	uint64_t day = 0;
	uint64_t changed = 0;
	char state[16];

	if (!take_number(&line, "id", UINT32_MAX, &id) ||
	    !take_number(&line, "day", UINT32_MAX, &day) ||
	    !take_text(&line, "state", state, sizeof state) ||
	    !take_number(&line, "changed", UINT32_MAX, &changed) ||
	    !take_text(&line, "owner", w->owner, sizeof w->owner))
		return false;
	w->id = (uint32_t)id;
	w->day = (uint32_t)day;
	w->changed_day = (uint32_t)changed;
	return id > 0 && case_state_of(&w->state, state) && day_is_sound(w->day) &&
	    day_is_sound(w->changed_day) && owner_is_sound(w->owner);
}

static bool second_line(struct report_case *w, struct slice line)
{
	uint64_t sealed = 0;
	uint64_t reply_day = 0;
	uint64_t reply = 0;
	char code[2 * CASE_CODE_BYTES + 1];
	char key[2 * SEAL_KEY_BYTES + 1];

	if (!take_text(&line, "code", code, sizeof code) ||
	    !take_text(&line, "reply-key", key, sizeof key) ||
	    !take_number(&line, "sealed", SEAL_FILE_MAX, &sealed) ||
	    !take_number(&line, "reply-day", UINT32_MAX, &reply_day) ||
	    !take_number(&line, "reply", SEAL_FILE_MAX, &reply))
		return false;
	w->sealed_bytes = (size_t)sealed;
	w->reply_day = (uint32_t)reply_day;
	w->reply_bytes = (size_t)reply;
	return seal_from_hex(w->code, sizeof w->code, code) &&
	    seal_from_hex(w->reply_key.bytes, SEAL_KEY_BYTES, key) &&
	    (reply_day == 0 ? reply == 0 : day_is_sound(w->reply_day));
}

enum err record_read(
    struct report_case *what, struct slice *sealed, struct slice *reply, struct slice file)
{
	struct report_case read = {.id = 0};
	struct slice rest = file;
	char head[RECORD_HEAD_MAX];
	char sum[SUM_LINE_BYTES + 1];

	struct slice format = slice_cut(&rest, '\n');
	struct slice first = slice_cut(&rest, '\n');
	struct slice second = slice_cut(&rest, '\n');
	if (!slice_equal(format, SLICE_LIT("lachan-case 1")) || !first_line(&read, first) ||
	    !second_line(&read, second))
		return ERR_FORMAT;
	/* Written as we write it: no other spelling is ours. */
	struct slice lines = {(const uint8_t *)head, (size_t)head_write(head, &read)};
	if (!slice_starts(file, lines) ||
	    rest.len != SUM_LINE_BYTES + read.sealed_bytes + read.reply_bytes)
		return ERR_FORMAT;
	struct slice told = {rest.ptr, SUM_LINE_BYTES};
	struct slice one = {rest.ptr + SUM_LINE_BYTES, read.sealed_bytes};
	struct slice other = {one.ptr + one.len, read.reply_bytes};
	sum_line(sum, lines, one, other);
	if (!slice_equal(told, slice_of(sum)))
		return ERR_FORMAT;
	*what = read;
	*sealed = one;
	*reply = other;
	return OK;
}
