/* Is this a list at all? Once from the first bytes, once from the counts at the end. */
#include "base/words.h"
#include "feed/internal.h"

enum {
	JUDGE_LINES_MIN = 20,
	JUDGE_GARBAGE_PERCENT = 5,
	HTML_SEARCH_BYTES = 1024
};

static enum err refuse(struct diag *why, const char *sentence)
{
	diag_set(why, "%s", sentence);
	return ERR_FORMAT;
}

static struct slice without_bom(struct slice s)
{
	if (slice_starts(s, SLICE_LIT("\xef\xbb\xbf")))
		s = (struct slice){s.ptr + 3, s.len - 3};
	return s;
}

static struct slice skip_blanks(struct slice s)
{
	s = without_bom(s);
	while (s.len > 0 && memchr(" \t\r\n\f", s.ptr[0], 5) != NULL)
		s = (struct slice){s.ptr + 1, s.len - 1};
	return s;
}

static bool starts_nocase(struct slice s, struct slice word)
{
	return s.len >= word.len &&
	    slice_equal_nocase((struct slice){s.ptr, word.len}, word);
}

/* A page: it begins with a tag, or one of the tags that only pages have comes early on. */
static bool is_html(struct slice head)
{
	static const char *const tags[] = {
	    "<html", "<!doctype", "<head", "<body", "<script", "<title", "<?xml", "<meta"};

	struct slice s = skip_blanks(head);
	if (s.len == 0 || s.ptr[0] != '<')
		return false;
	if (s.len > HTML_SEARCH_BYTES)
		s.len = HTML_SEARCH_BYTES;
	for (; s.len > 0; s = (struct slice){s.ptr + 1, s.len - 1}) {
		for (size_t i = 0; s.ptr[0] == '<' && i < COUNT_OF(tags); i++) {
			if (starts_nocase(s, slice_of(tags[i])))
				return true;
		}
	}
	return false;
}

static bool is_utf16(struct slice head)
{
	if (slice_starts(head, SLICE_LIT("\xff\xfe")) ||
	    slice_starts(head, SLICE_LIT("\xfe\xff")))
		return true;
	size_t zeros[2] = {0, 0};
	for (size_t i = 0; i < head.len; i++)
		zeros[i % 2] += head.ptr[i] == 0;
	/* every second byte of ASCII in UTF-16 is zero */
	return head.len >= 8 &&
	    (zeros[0] >= head.len * 2 / 5 || zeros[1] >= head.len * 2 / 5);
}

static bool is_compressed(struct slice head)
{
	return slice_starts(head, SLICE_LIT("\x1f\x8b")) ||
	    slice_starts(head, SLICE_LIT("PK\x03\x04")) ||
	    slice_starts(head, SLICE_LIT("BZh")) ||
	    slice_starts(head, SLICE_LIT("\x28\xb5\x2f\xfd")) ||
	    slice_starts(head,
	        SLICE_LIT("\xfd"
	                  "7zXZ"));
}

/* An object, or an array of strings or objects; "[Adblock Plus]" is none. */
static bool is_json(struct slice head)
{
	struct slice s = skip_blanks(head);
	if (s.len < 2 || (s.ptr[0] != '{' && s.ptr[0] != '['))
		return false;
	bool object = s.ptr[0] == '{';
	s = skip_blanks((struct slice){s.ptr + 1, s.len - 1});
	return s.len > 0 && memchr(object ? "\"}}" : "\"{[", s.ptr[0], 3) != NULL;
}

/* A text has hardly any control characters; a stray one costs its line, not the feed. */
static bool is_binary(struct slice head)
{
	size_t controls = 0;
	for (size_t i = 0; i < head.len; i++) {
		uint8_t c = head.ptr[i];
		controls += (c < 0x20 && memchr("\t\r\n\f\x1a", c, 5) == NULL) || c == 0x7f;
	}
	return controls > 8 && controls > head.len / 20;
}

enum err feed_sniff(struct slice head, struct diag *why)
{
	if (is_utf16(head))
		return refuse(why, _("the text is UTF-16; a list must be ASCII or UTF-8"));
	if (is_compressed(head)) {
		return refuse(
		    why, _("the data is a compressed file, not a list in plain text"));
	}
	if (is_html(head))
		return refuse(why, _("this is a web page, not a list"));
	if (is_binary(head))
		return refuse(why, _("this is binary data, not a list"));
	if (is_json(head))
		return refuse(why, _("this is JSON, not a list in plain text"));
	const char *foreign = feed_foreign(without_bom(head));
	return foreign == NULL ? OK : refuse(why, foreign);
}

/* FEED_REASONS: no line was refused. */
static enum feed_reason most_frequent(const struct feed_stats *stats)
{
	unsigned best = 0;

	for (unsigned i = 1; i < FEED_REASONS; i++) {
		if (stats->refused[i] > stats->refused[best])
			best = i;
	}
	return stats->refused[best] == 0 ? FEED_REASONS : (enum feed_reason)best;
}

enum err feed_judge(
    const struct feed_stats *stats, const struct feed_format *format, struct diag *why)
{
	const char *name = format == NULL ? "auto" : feed_format_name(format);
	uint64_t garbage = 0;

	if (stats->rules == 0) {
		enum feed_reason most = most_frequent(stats);
		if (most == FEED_REASONS)
			return refuse(why, _("no name could be read from it"));
		diag_set(
		    why, _("no name could be read from it: %s"), _(feed_reason_text(most)));
		return ERR_FORMAT;
	}
	for (unsigned i = 0; i < FEED_REASONS; i++) {
		if (feed_reason_class((enum feed_reason)i) == FEED_CLASS_GARBAGE)
			garbage += stats->refused[i];
	}
	uint64_t judged = stats->lines - stats->blank;
	if (judged >= JUDGE_LINES_MIN && garbage >= judged * JUDGE_GARBAGE_PERCENT / 100) {
		diag_set(why,
		    _("it does not look like a list of format %s: %llu of %llu lines cannot be "
		      "read"),
		    name, (unsigned long long)garbage, (unsigned long long)judged);
		return ERR_FORMAT;
	}
	return OK;
}
