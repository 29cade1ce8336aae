/* A question as people write it. */
#include <arpa/inet.h>
#include <stdlib.h>

#include "asker.h"
#include "base/text.h"
#include "base/words.h"
#include "dns/idn.h"
#include "dns/text.h"

static struct slice next_word(struct slice *rest)
{
	size_t n = 0;

	*rest = slice_trim(*rest);
	while (n < rest->len && rest->ptr[n] != ' ' && rest->ptr[n] != '\t')
		n++;
	struct slice word = {rest->ptr, n};
	*rest = (struct slice){rest->ptr + n, rest->len - n};
	return word;
}

static bool read_address(struct asker *a, struct slice word)
{
	char text[INET6_ADDRSTRLEN];

	if (word.len >= sizeof text)
		return false;
	memcpy(text, word.ptr, word.len);
	text[word.len] = '\0';
	if (inet_pton(AF_INET, text, a->octets) == 1)
		a->address = (struct slice){a->octets, 4};
	else if (inet_pton(AF_INET6, text, a->octets) == 1)
		a->address = (struct slice){a->octets, 16};
	else
		return false;
	return true;
}

/* Cuts a->text at commas or takes all of it; the words lie in a->text. */
static const char *keep_word(struct asker *a, struct slice word)
{
	if (word.len == 0 || sizeof a->text - a->used <= word.len)
		return NULL;
	char *at = a->text + a->used;
	memcpy(at, word.ptr, word.len);
	at[word.len] = '\0';
	a->used += word.len + 1;
	return at;
}

static bool read_tags(struct asker *a, struct slice list)
{
	for (size_t i = 0; list.ptr != NULL; i++) {
		struct slice word = slice_cut(&list, ',');
		const char *kept = keep_word(a, word);
		if (kept == NULL || i == ASK_WORDS_MAX)
			return false;
		a->tags[i] = kept;
	}
	return true;
}

static struct slice behind(struct slice s, size_t n)
{
	return (struct slice){s.ptr + n, s.len - n};
}

static bool read_asker(struct asker *a, struct slice text)
{
	while ((text = slice_trim(text)).len > 0) {
		if (slice_starts(text, SLICE_LIT("name="))) {
			a->names[0] = keep_word(a, behind(text, 5));
			return a->names[0] != NULL;
		}
		struct slice word = next_word(&text);
		bool fine = slice_starts(word, SLICE_LIT("tags="))
		    ? read_tags(a, behind(word, 5))
		    : read_address(a, word);
		if (!fine)
			return false;
	}
	return true;
}

static enum err refuse(struct diag *why, const char *sentence, struct slice words)
{
	char text[200];

	text_printable(text, sizeof text, words);
	diag_set(why, "%s: \"%s\"", sentence, text);
	return ERR_FORMAT;
}

enum err ask_read(struct question *out, struct slice line, struct diag *why)
{
	struct question q = {
	    .feed = -1, .qtype = 1, .rule_number = RULEDB_NO_RULE, .data = RULEDB_NO_RULE};
	struct slice name = next_word(&line), type = next_word(&line);

	enum err rc = name_from_people(&q.name, name, why);
	if (rc != OK)
		return rc;
	if (type.len > 0 && !text_to_type(type, &q.qtype))
		return refuse(why, _("unknown record type"), type);
	text_from_type(q.type, q.qtype);
	line = slice_trim(line);
	if (line.len > 0) {
		q.asker = calloc(1, sizeof *q.asker);
		if (q.asker == NULL)
			return ERR_MEMORY;
		if (!read_asker(q.asker, line)) {
			free(q.asker);
			return refuse(
			    why, _("a client is an address, name=… or tags=a,b"), line);
		}
	}
	*out = q;
	return OK;
}

enum err ask_read_bad(struct question *out, struct slice line)
{
	struct slice name = next_word(&line), type = next_word(&line);
	char text[NAME_TEXT_MAX];

	enum err rc = ask_read(out, SLICE_LIT("."), NULL);
	if (rc != OK)
		return rc;
	text_printable(text, sizeof text, name);
	out->bad_name = strdup(text);
	if (type.len > 0)
		text_printable(out->type, sizeof out->type, type);
	return out->bad_name != NULL ? OK : ERR_MEMORY;
}

void ask_deinit(struct question *q)
{
	free(q->asker);
	free(q->bad_name);
	free(q->rule);
}
