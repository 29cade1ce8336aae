#include "dns/idn.h"

#include <idn2.h>

#include "base/words.h"

static bool has_high_octet(struct slice text)
{
	for (size_t i = 0; i < text.len; i++) {
		if (text.ptr[i] >= 0x80)
			return true;
	}
	return false;
}

enum err name_from_people(struct name_buf *out, struct slice text, struct diag *why)
{
	char copy[NAME_TEXT_MAX];
	char *ascii = NULL;

	if (!has_high_octet(text))
		return name_from_text(out, text, why);
	bool fits = text.len < sizeof copy && memchr(text.ptr, 0, text.len) == NULL;
	if (fits) {
		memcpy(copy, text.ptr, text.len);
		copy[text.len] = '\0';
	}
	if (!fits ||
	    idn2_to_ascii_8z(copy, &ascii, IDN2_NONTRANSITIONAL | IDN2_NFC_INPUT) !=
	        IDN2_OK) {
		diag_set(why, _("not a valid internationalised name"));
		return ERR_FORMAT;
	}
	enum err rc = name_from_text(out, slice_of(ascii), why);
	idn2_free(ascii);
	return rc;
}
