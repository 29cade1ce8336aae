#include "feed/suffix.h"

enum {
	SUFFIX_LABELS_MAX = 5 /* the deepest today have four: "pvt.k12.ma.us" */
};

/* Registries that sell directly beneath themselves and have promised ICANN nothing else; the
 * most listed ones first. A label with its length, as on the wire. */
static const char *const DIRECT[] = {"\003com", "\003net", "\003org", "\003xyz", "\004info",
    "\003top", "\003vip", "\003lol", "\004shop", "\006online", "\003app", "\004club",
    "\003biz", "\004live", "\004site", "\004life", "\003icu", "\004link", "\005click",
    "\003fun", "\004mobi", "\003one", "\003win", "\005store", "\005space", "\007website"};

bool feed_may_be_public_suffix(struct dname name)
{
	size_t at = 0, labels = 0, top = 0;

	for (; name.wire[at] != 0; at += (size_t)name.wire[at] + 1) {
		top = at;
		if (++labels > SUFFIX_LABELS_MAX)
			return false;
	}
	size_t len = name.len - top; /* with the root octet, a C string's NUL */
	for (size_t i = 0; i < sizeof DIRECT / sizeof DIRECT[0]; i++) {
		if (DIRECT[i][0] == (char)name.wire[top] &&
		    memcmp(DIRECT[i], name.wire + top, len) == 0)
			return false;
	}
	return true;
}
