/* The lists of a bundle (docs/formats/bundle.md). That the text is whole and signed is lib/bundle's
 * to say, which reads it beside this; here its lists are lists.
 *
 *   lachan-bundle 1 … signature   the manifest: nothing
 *   list NAME CATEGORY            the next list begins
 *   a.vn                          with all below it, as far as that list is wanted
 *   # remark                      nothing */
#include "feed/internal.h"

static void begin_list(struct feed_parser *p, struct slice rest)
{
	struct slice name = slice_cut(&rest, ' ');

	feed_blank(p);
	p->list_wanted =
	    p->options.list == NULL || slice_equal(name, slice_of(p->options.list));
	if (p->options.on_list == NULL || p->rc != OK)
		return;
	p->rc = p->options.on_list(p->options.arg, name, rest);
}

void feed_read_bundle(struct feed_parser *p, struct slice line)
{
	if (!p->behind_manifest) {
		p->behind_manifest = slice_starts(line, SLICE_LIT("signature "));
		feed_blank(p);
	} else if (slice_starts(line, SLICE_LIT("list "))) {
		begin_list(p, (struct slice){line.ptr + 5, line.len - 5});
	} else if (line.ptr[0] == '#' || !p->list_wanted) {
		feed_blank(p);
	} else {
		enum feed_reason reason = feed_read_name(&p->name, line);
		if (reason == FEED_REASONS)
			feed_emit(p, feed_bare_kind(p));
		else
			feed_refuse(p, reason);
	}
}

/* Never guessed: a bundle is believed by its key, which the configuration gives with the word. */
unsigned feed_probe_bundle(struct slice line)
{
	(void)line;
	return 0;
}
