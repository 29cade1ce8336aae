#include "page/texts_words.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "base/bytes.h"

/* General punctuation, U+2000 to U+207F: E2 80 xx and E2 81 xx. */
static bool is_sign(struct slice s, size_t at)
{
	return s.len - at >= 3 && s.ptr[at] == 0xe2 &&
	    (s.ptr[at + 1] == 0x80 || s.ptr[at + 1] == 0x81);
}

static bool is_ellipsis(struct slice s, size_t at)
{
	return is_sign(s, at) && s.ptr[at + 1] == 0x80 && s.ptr[at + 2] == 0xa6;
}

/* One word between spaces: is it a syllable, and does a sentence end with it? */
struct word {
	bool spoken;
	bool ends;
};

static struct word look_at(struct slice word)
{
	struct word out = {false, false};

	for (size_t i = 0; i < word.len;) {
		uint8_t c = word.ptr[i];
		if (is_sign(word, i)) { /* a closing quote keeps what stood before it */
			out.ends = out.ends || is_ellipsis(word, i);
			i += 3;
			continue;
		}
		if (c >= 0x80 || isalnum(c)) {
			out.spoken = true;
			out.ends = false;
		} else if (c == '.' || c == '!' || c == '?') {
			out.ends = true;
		}
		i++;
	}
	return out;
}

size_t words_longest_sentence(const char *line)
{
	struct slice rest = slice_of(line);
	size_t longest = 0, count = 0;

	while (rest.ptr != NULL) {
		struct word word = look_at(slice_cut(&rest, ' '));
		count += word.spoken ? 1 : 0;
		if (count > longest)
			longest = count;
		if (word.ends)
			count = 0;
	}
	return longest;
}

bool words_have_loose_marks(const char *line)
{
	struct slice s = slice_of(line);

	for (size_t i = 0; i + 1 < s.len; i++) {
		if (s.ptr[i] == 0xcc || (s.ptr[i] == 0xcd && s.ptr[i + 1] < 0xb0))
			return true;
	}
	return false;
}

bool words_say(const char *line, const char *phrase)
{
	size_t len = strlen(phrase);

	for (; len > 0 && *line != 0; line++) {
		if (strncasecmp(line, phrase, len) == 0)
			return true;
	}
	return false;
}
