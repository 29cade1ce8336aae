#include "yearbook/yearbook.h"

static const char *const words[YEARBOOK_WORDS][2] = {
#define X(id, english, vietnamese) [YB_##id] = {vietnamese, english},
#include "yearbook/words.def"
#undef X
};

const char *yearbook_word(enum yearbook_language language, enum yearbook_word word)
{
	return words[word][language == YEARBOOK_EN ? 1 : 0];
}
