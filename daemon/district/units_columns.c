/* The names of the columns. Whole words, lower-case letters; the Vietnamese with and without
 * its marks, since tables come from many hands. */
#include <string.h>

#include "base/text.h"
#include "district/units_table.h"

static const char *const WORDS[UNIT_COLUMNS] = {
    [UNIT_ID] = "unit",
    [UNIT_PARENT] = "parent",
    [UNIT_LEVEL] = "level",
    [UNIT_CODE] = "code",
    [UNIT_NAME] = "name",
    [UNIT_KINDS] = "kinds",
    [UNIT_PUPILS] = "pupils",
    [UNIT_CONTACT] = "contact",
    [UNIT_SENDS] = "sends",
    [UNIT_FROM] = "valid-from",
    [UNIT_TO] = "valid-to",
    [UNIT_MERGED_INTO] = "merged-into",
};

static const struct {
	const char *word;
	enum unit_column column;
} OTHERS[] = {
    {"id", UNIT_ID},
    {"mã đơn vị", UNIT_ID},
    {"ma don vi", UNIT_ID},
    {"đơn vị", UNIT_ID},
    {"don vi", UNIT_ID},
    {"trực thuộc", UNIT_PARENT},
    {"truc thuoc", UNIT_PARENT},
    {"đơn vị cấp trên", UNIT_PARENT},
    {"don vi cap tren", UNIT_PARENT},
    {"cấp", UNIT_LEVEL},
    {"cap", UNIT_LEVEL},
    {"cấp đơn vị", UNIT_LEVEL},
    {"cap don vi", UNIT_LEVEL},
    {"mã", UNIT_CODE},
    {"ma", UNIT_CODE},
    {"mã số", UNIT_CODE},
    {"ma so", UNIT_CODE},
    {"mã hành chính", UNIT_CODE},
    {"ma hanh chinh", UNIT_CODE},
    {"tên", UNIT_NAME},
    {"ten", UNIT_NAME},
    {"tên đơn vị", UNIT_NAME},
    {"ten don vi", UNIT_NAME},
    {"kind", UNIT_KINDS},
    {"cấp học", UNIT_KINDS},
    {"cap hoc", UNIT_KINDS},
    {"loại hình", UNIT_KINDS},
    {"loai hinh", UNIT_KINDS},
    {"số học sinh", UNIT_PUPILS},
    {"so hoc sinh", UNIT_PUPILS},
    {"học sinh", UNIT_PUPILS},
    {"hoc sinh", UNIT_PUPILS},
    {"liên hệ", UNIT_CONTACT},
    {"lien he", UNIT_CONTACT},
    {"gửi báo cáo", UNIT_SENDS},
    {"gui bao cao", UNIT_SENDS},
    {"valid from", UNIT_FROM},
    {"từ ngày", UNIT_FROM},
    {"tu ngay", UNIT_FROM},
    {"valid to", UNIT_TO},
    {"đến ngày", UNIT_TO},
    {"den ngay", UNIT_TO},
    {"đến hết ngày", UNIT_TO},
    {"den het ngay", UNIT_TO},
    {"merged into", UNIT_MERGED_INTO},
    {"nhập vào", UNIT_MERGED_INTO},
    {"nhap vao", UNIT_MERGED_INTO},
    {"sáp nhập vào", UNIT_MERGED_INTO},
    {"sap nhap vao", UNIT_MERGED_INTO},
};

const char *unit_column_word(enum unit_column column)
{
	return WORDS[column];
}

/* Ä to ä as far as Vietnamese needs it (U+0102 to U+1EF9 in pairs, capital first), in place of a
 * table of all letters: Đ Ă Ơ Ư and Ạ…Ỹ have their small letter next, À…Ý 32 behind. */
static size_t lower_letter(const uint8_t *from, size_t left, uint8_t *to)
{
	if (from[0] < 0x80 || left < 2) {
		to[0] = byte_lower(from[0]);
		return 1;
	}
	size_t len = from[0] < 0xe0 ? 2 : 3;
	if (left < len)
		len = left;
	memcpy(to, from, len);
	bool latin1 = len == 2 && from[0] == 0xc3 && from[1] >= 0x80 && from[1] <= 0x9e;
	bool paired = (len == 2 && from[0] >= 0xc4 && from[0] <= 0xc6) ||
	    (len == 3 && from[0] == 0xe1 && (from[1] == 0xba || from[1] == 0xbb));
	bool even = (from[len - 1] & 1) == 0;
	/* Ơ Ư: U+01A0 and U+01AF; the second is odd. */
	bool u_horn = len == 2 && from[0] == 0xc6 && from[1] == 0xaf;
	if (latin1)
		to[1] = (uint8_t)(from[1] + 0x20);
	else if (u_horn)
		to[1] = 0xb0;
	else if (paired && even && !(len == 2 && from[0] == 0xc6 && from[1] == 0xb0))
		to[len - 1] = (uint8_t)(from[len - 1] + 1);
	return len;
}

/* Lower case, blanks single. False when it is longer than any column's name. */
static bool fold(char *out, size_t size, struct slice word)
{
	size_t len = 0;

	for (size_t i = 0; i < word.len;) {
		uint8_t letter[4];
		size_t n = lower_letter(word.ptr + i, word.len - i, letter);
		i += n;
		if (letter[0] == '_' || letter[0] == '\n' || letter[0] == '\r')
			letter[0] = ' ';
		if (letter[0] == ' ' && len > 0 && out[len - 1] == ' ')
			continue;
		if (len + n >= size)
			return false;
		memcpy(out + len, letter, n);
		len += n;
	}
	out[len] = 0;
	return true;
}

bool unit_column_of(struct slice word, enum unit_column *out)
{
	char folded[64];

	if (!fold(folded, sizeof folded, slice_trim(word)))
		return false;
	for (unsigned i = 0; i < UNIT_COLUMNS; i++)
		if (strcmp(folded, WORDS[i]) == 0) {
			*out = (enum unit_column)i;
			return true;
		}
	for (size_t i = 0; i < COUNT_OF(OTHERS); i++)
		if (strcmp(folded, OTHERS[i].word) == 0) {
			*out = OTHERS[i].column;
			return true;
		}
	return false;
}

const char *unit_column_near(struct slice word)
{
	const char *words[UNIT_COLUMNS + 1];
	char folded[64];

	memcpy(words, WORDS, sizeof WORDS);
	words[UNIT_COLUMNS] = NULL;
	return fold(folded, sizeof folded, word) ? text_nearest(folded, words) : NULL;
}
