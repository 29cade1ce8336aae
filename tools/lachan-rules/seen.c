#include "seen.h"

#include <arpa/inet.h>
#include <stdlib.h>

#include "dns/idn.h"
#include "dns/text.h"

enum {
	TABLE_MIN = 1024,
	WORDS_MAX = 32 /* of one line; a log's question stands before */
};

/* The names come from the person who runs the program: nobody gains by making them collide. */
static const struct hash_key KEY = {5, 8};

void seen_deinit(struct seen *s)
{
	free(s->items);
	free(s->table);
	buf_deinit(&s->names);
}

/* ---- each name once ---- */

static size_t find_slot(const struct seen *s, struct dname name)
{
	size_t slot = (size_t)name_hash(name, KEY) & (s->table_size - 1);

	for (; s->table[slot] != 0; slot = (slot + 1) & (s->table_size - 1)) {
		if (name_equal(seen_name_at(s, s->table[slot] - 1), name))
			break;
	}
	return slot;
}

static enum err grow_table(struct seen *s)
{
	size_t size = s->table_size == 0 ? TABLE_MIN : s->table_size * 2;
	uint32_t *table = calloc(size, sizeof *table);

	if (table == NULL)
		return ERR_MEMORY;
	free(s->table);
	s->table = table;
	s->table_size = size;
	for (size_t i = 0; i < s->count; i++)
		table[find_slot(s, seen_name_at(s, i))] = (uint32_t)i + 1;
	return OK;
}

static enum err reserve(struct seen *s)
{
	if (s->count == SEEN_NAMES_MAX)
		return ERR_FULL;
	if (s->count >= s->table_size / 2) {
		enum err rc = grow_table(s);
		if (rc != OK)
			return rc;
	}
	if (s->count < s->capacity)
		return OK;
	size_t capacity = s->capacity == 0 ? TABLE_MIN : s->capacity * 2;
	struct seen_name *items = reallocarray(s->items, capacity, sizeof *items);
	if (items == NULL)
		return ERR_MEMORY;
	s->items = items;
	s->capacity = capacity;
	return OK;
}

static enum err count_name(struct seen *s, struct dname name, uint64_t count)
{
	enum err rc = reserve(s);

	if (rc != OK)
		return rc;
	size_t slot = find_slot(s, name);
	if (s->table[slot] == 0) {
		uint32_t at = (uint32_t)s->names.len; /* below 2^30 */
		buf_append(&s->names, (struct slice){name.wire, name.len});
		rc = buf_status(&s->names);
		if (rc != OK)
			return rc;
		s->items[s->count] = (struct seen_name){at, (uint32_t)name.len, 0};
		s->table[slot] = (uint32_t)++s->count;
	}
	s->items[s->table[slot] - 1].count += count;
	s->queries += count;
	return OK;
}

/* ---- lines ---- */

struct words {
	struct slice at[WORDS_MAX];
	size_t count; /* of all, also those that did not fit */
};

static struct words words_of(struct slice line)
{
	struct words w = {.count = 0};

	for (;;) {
		while (line.len > 0 && (line.ptr[0] == ' ' || line.ptr[0] == '\t'))
			line = (struct slice){line.ptr + 1, line.len - 1};
		if (line.len == 0)
			return w;
		size_t n = 0;
		while (n < line.len && line.ptr[n] != ' ' && line.ptr[n] != '\t')
			n++;
		if (w.count < WORDS_MAX)
			w.at[w.count] = (struct slice){line.ptr, n};
		w.count++;
		line = (struct slice){line.ptr + n, line.len - n};
	}
}

static bool is_any_of(struct slice word, const char *const *words, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (slice_equal(word, slice_of(words[i])))
			return true;
	}
	return false;
}

enum found {
	FOUND_NAME,
	FOUND_OTHER, /* a line of a log, but no query */
	FOUND_NOTHING
};

/* "dnsmasq[1]: query[A] name from 10.0.0.1", "dnsmasq[1]: reply name is 1.2.3.4" */
static enum found find_dnsmasq(const struct words *w, struct slice *name)
{
	static const char *const others[] = {"forwarded", "reply", "cached", "config",
	    "/etc/hosts", "validation", "Rate-limiting", "dhcp", "gravity", "exactly",
	    "regex", "blocked", "special"};
	bool dnsmasq = false;

	for (size_t i = 0; i < w->count && i < WORDS_MAX; i++) {
		if (slice_starts(w->at[i], SLICE_LIT("query[")) && i + 1 < w->count &&
		    i + 1 < WORDS_MAX) {
			*name = w->at[i + 1];
			return FOUND_NAME;
		}
		if (dnsmasq && is_any_of(w->at[i], others, COUNT_OF(others)))
			return FOUND_OTHER;
		dnsmasq |= slice_starts(w->at[i], SLICE_LIT("dnsmasq"));
	}
	return dnsmasq ? FOUND_OTHER : FOUND_NOTHING;
}

static bool is_address(struct slice word)
{
	char text[INET6_ADDRSTRLEN];
	uint8_t octets[16];

	if (word.len >= sizeof text)
		return false;
	memcpy(text, word.ptr, word.len);
	text[word.len] = '\0';
	return inet_pton(AF_INET, text, octets) == 1 ||
	    inet_pton(AF_INET6, text, octets) == 1;
}

static bool is_class(struct slice word)
{
	return slice_equal(word, SLICE_LIT("IN")) || slice_equal(word, SLICE_LIT("CH")) ||
	    slice_equal(word, SLICE_LIT("ANY"));
}

/* "[123] unbound[1:0] info: 10.0.0.1 name. A IN", with a reply's rcode and times behind. */
static enum found find_unbound(const struct words *w, struct slice *name)
{
	bool unbound = false;
	uint16_t type;

	for (size_t i = 0; i < w->count && i < WORDS_MAX; i++) {
		unbound |= slice_starts(w->at[i], SLICE_LIT("unbound["));
		if (!unbound || !slice_equal(w->at[i], SLICE_LIT("info:")))
			continue;
		if (i + 4 >= w->count || i + 4 >= WORDS_MAX || !is_address(w->at[i + 1]) ||
		    !text_to_type(w->at[i + 3], &type) || !is_class(w->at[i + 4]))
			return FOUND_OTHER;
		*name = w->at[i + 2];
		return i + 5 == w->count ? FOUND_NAME : FOUND_OTHER;
	}
	return unbound ? FOUND_OTHER : FOUND_NOTHING;
}

static enum found find_plain(const struct words *w, struct slice *name, uint64_t *count)
{
	if (w->count == 1) {
		*name = w->at[0];
		return FOUND_NAME;
	}
	if (w->count != 2)
		return FOUND_NOTHING;
	bool first = slice_to_u64(w->at[0], UINT32_MAX, count);
	if (!first && !slice_to_u64(w->at[1], UINT32_MAX, count))
		return FOUND_NOTHING;
	*name = w->at[first ? 1 : 0];
	return FOUND_NAME;
}

static void skip(struct seen *s, uint64_t number)
{
	if (s->skipped++ == 0)
		s->first_skip = number;
}

enum err seen_read_line(struct seen *s, struct slice line, uint64_t number)
{
	struct words w = words_of(slice_trim(line));
	struct slice text = SLICE_EMPTY;
	struct name_buf name;
	uint64_t count = 1;

	if (w.count == 0 || w.at[0].ptr[0] == '#')
		return OK;
	s->lines++;
	enum found found = find_dnsmasq(&w, &text);
	if (found == FOUND_NOTHING)
		found = find_unbound(&w, &text);
	if (found == FOUND_NOTHING)
		found = find_plain(&w, &text, &count);
	if (found == FOUND_OTHER)
		return OK;
	if (found == FOUND_NOTHING || name_from_people(&name, text, NULL) != OK) {
		skip(s, number);
		return OK;
	}
	return count_name(s, name_of(&name), count);
}
