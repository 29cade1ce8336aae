/* A merged builder becomes bytes in a descriptor, front to back, 64 KiB at a time; the
 * header's first 32 bytes, with the checksum, come last. */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "ruledb/internal.h"

struct out {
	int fd;
	uint8_t *piece;
	size_t fill;
	uint64_t written; /* file offset behind the piece */
	uint64_t sum;
	enum err rc;
};

static void out_flush(struct out *o)
{
	if (o->rc != OK || o->fill == 0)
		return;
	struct slice piece = {o->piece, o->fill};
	o->sum = checksum64(o->sum, piece);
	o->rc = fd_write_all(o->fd, piece);
	o->fill = 0;
}

static void out_bytes(struct out *o, const uint8_t *bytes, size_t len)
{
	while (len > 0) {
		size_t n = FORMAT_PIECE_BYTES - o->fill;
		if (n > len)
			n = len;
		memcpy(o->piece + o->fill, bytes, n);
		o->fill += n;
		o->written += n;
		bytes += n;
		len -= n;
		if (o->fill == FORMAT_PIECE_BYTES)
			out_flush(o);
	}
}

static void out_pad(struct out *o, uint64_t offset)
{
	static const uint8_t zeros[64];
	while (o->written < offset) {
		uint64_t n = offset - o->written;
		out_bytes(o, zeros, n < sizeof zeros ? (size_t)n : sizeof zeros);
	}
}

struct plan {
	uint64_t offset[SECTIONS];
	uint32_t count[SECTIONS];
	uint64_t size;
};

static void plan_make(const struct ruledb_builder *b, struct plan *p)
{
	static const uint8_t record_bytes[SECTIONS] = {FORMAT_ENTRY_BYTES,
	    FORMAT_SLOT_BYTES, FORMAT_OVERFLOW_BYTES, FORMAT_SET_BYTES, FORMAT_MEMBER_BYTES,
	    FORMAT_FEED_BYTES, FORMAT_CATEGORY_BYTES, FORMAT_REASON_BYTES,
	    FORMAT_SPECIAL_BYTES, FORMAT_NETWORK_BYTES, 1, 1};
	const uint32_t count[SECTIONS] = {b->entry_count, ((uint32_t)1 << b->bits) + 1,
	    b->overflow_count, b->sets.count, b->sets.member_count, b->feed_count,
	    b->category_count, b->reason_count, (uint32_t)b->specials.count,
	    b->specials.networks, (uint32_t)b->specials.terms.len, (uint32_t)b->text.len};

	uint64_t at = FORMAT_HEADER_BYTES;
	for (unsigned i = 0; i < SECTIONS; i++) {
		p->offset[i] = at;
		p->count[i] = count[i];
		at += (uint64_t)count[i] * record_bytes[i];
		at = (at + 7) & ~(uint64_t)7;
	}
	p->size = at;
}

static void header_make(const struct ruledb_builder *b, const struct plan *p,
    uint8_t header[FORMAT_HEADER_BYTES])
{
	memset(header, 0, FORMAT_HEADER_BYTES);
	memcpy(header, RULEDB_MAGIC, 8);
	le32_store(header + HEADER_AT_VERSION, FORMAT_VERSION);
	le32_store(header + HEADER_AT_HEADER_BYTES, FORMAT_HEADER_BYTES);
	le64_store(header + HEADER_AT_FILE_BYTES, p->size);
	le64_store(header + HEADER_AT_KEY, b->options.key.k0);
	le64_store(header + HEADER_AT_KEY + 8, b->options.key.k1);
	le64_store(header + HEADER_AT_GENERATION, b->options.generation);
	le64_store(header + HEADER_AT_BUILT, (uint64_t)b->options.built_s);
	le32_store(header + HEADER_AT_BITS, b->bits);
	uint8_t *counts = header + HEADER_AT_COUNTS;
	for (unsigned i = 0; i < SECTIONS; i++) {
		le64_store(header + HEADER_AT_OFFSETS + (size_t)i * 8, p->offset[i]);
		if (i == SECTION_DIRECTORY)
			continue;
		le32_store(counts, p->count[i]);
		counts += 4;
	}
	bool empty = b->entry_count == 0;
	header[HEADER_AT_LABELS_MIN] = (uint8_t)(empty ? 1 : b->labels_min);
	header[HEADER_AT_LABELS_MAX] = (uint8_t)(empty ? 0 : b->labels_max);
	le32_store(header + HEADER_AT_PATTERNS, b->specials.patterns);
	le64_store(header + HEADER_AT_RULES, b->rule_count);
}

static void emit_directory(const struct ruledb_builder *b, struct out *o)
{
	size_t slots = ((size_t)1 << b->bits) + 1;
	for (size_t i = 0; i < slots; i++) {
		uint8_t slot[FORMAT_SLOT_BYTES];
		le32_store(slot, b->directory[i]);
		out_bytes(o, slot, sizeof slot);
	}
}

static void emit_sets(const struct ruledb_builder *b, const struct plan *p, struct out *o)
{
	out_pad(o, p->offset[SECTION_OVERFLOW]);
	for (uint32_t i = 0; i < b->overflow_count; i++) {
		uint8_t record[FORMAT_OVERFLOW_BYTES];
		le32_store(record, b->overflow[i].entry);
		le32_store(record + 4, b->overflow[i].set);
		out_bytes(o, record, sizeof record);
	}
	out_pad(o, p->offset[SECTION_SETS]);
	for (uint32_t i = 0; i < b->sets.count; i++) {
		const struct set *set = &b->sets.items[i];
		uint8_t record[FORMAT_SET_BYTES];
		le64_store(record + SET_AT_MASK_AT, set->at);
		le64_store(record + SET_AT_MASK_BELOW, set->below);
		le32_store(record + SET_AT_MEMBER_FIRST, set->first);
		le16_store(record + SET_AT_MEMBER_COUNT, set->count);
		le16_store(record + SET_AT_FLAGS, set->flags);
		out_bytes(o, record, sizeof record);
	}
	out_pad(o, p->offset[SECTION_MEMBERS]);
	for (uint32_t i = 0; i < b->sets.member_count; i++) {
		uint8_t record[FORMAT_MEMBER_BYTES];
		le16_store(record, b->sets.members[i].feed);
		le16_store(record + 2, b->sets.members[i].kinds);
		out_bytes(o, record, sizeof record);
	}
}

static void emit_feed(const struct builder_feed *feed, struct out *o)
{
	uint8_t record[FORMAT_FEED_BYTES] = {0};

	le32_store(record + FEED_AT_NAME, feed->name);
	le32_store(record + FEED_AT_URL, feed->url);
	le32_store(record + FEED_AT_SOURCE, feed->source);
	le32_store(record + FEED_AT_FORMAT, feed->format);
	le32_store(record + FEED_AT_SHA256, feed->sha256);
	le16_store(record + FEED_AT_CATEGORY, feed->category);
	le16_store(record + FEED_AT_FLAGS, feed->flags);
	le64_store(record + FEED_AT_FETCHED, (uint64_t)feed->fetched_s);
	le64_store(record + FEED_AT_NAMES, feed->names);
	le64_store(record + FEED_AT_EXCEPTIONS, feed->exceptions);
	le64_store(record + FEED_AT_RULES, feed->rules);
	le64_store(record + FEED_AT_IDLE, feed->idle);
	le64_store(record + FEED_AT_REFUSED, feed->refused);
	le32_store(record + FEED_AT_REASON_FIRST, feed->reason_first);
	le32_store(record + FEED_AT_REASON_COUNT, feed->reason_count);
	le32_store(record + FEED_AT_SPECIALS, feed->specials);
	le32_store(record + FEED_AT_PATTERNS, feed->patterns);
	le32_store(record + FEED_AT_NETWORKS, feed->networks);
	out_bytes(o, record, sizeof record);
}

/* Categories and reasons have one shape: a text and a count. */
static void emit_counted(struct out *o, uint32_t text, uint32_t others, uint64_t count)
{
	uint8_t record[FORMAT_CATEGORY_BYTES];
	le32_store(record, text);
	le32_store(record + 4, others);
	le64_store(record + 8, count);
	out_bytes(o, record, sizeof record);
}

static void emit_special(const struct special *special, struct out *o)
{
	uint8_t record[FORMAT_SPECIAL_BYTES] = {0};

	le64_store(record + SPECIAL_AT_HASH, special->hash);
	le32_store(record + SPECIAL_AT_TERMS, special->terms_at);
	le16_store(record + SPECIAL_AT_TERMS_LEN, special->terms_len);
	le16_store(record + SPECIAL_AT_FEED, special->feed);
	record[SPECIAL_AT_KIND] = special->kind;
	record[SPECIAL_AT_SUBJECT] = special->subject;
	out_bytes(o, record, sizeof record);
}

static void emit_specials(
    const struct ruledb_builder *b, const struct plan *p, struct out *o)
{
	out_pad(o, p->offset[SECTION_SPECIALS]);
	for (size_t i = 0; i < b->specials.count; i++)
		emit_special(&b->specials.items[i], o);
	out_pad(o, p->offset[SECTION_NETWORKS]);
	for (uint32_t i = 0; i < b->specials.networks; i++)
		out_bytes(o, b->networks[i].record, sizeof b->networks[i].record);
	out_pad(o, p->offset[SECTION_TERMS]);
	out_bytes(o, b->specials.terms.ptr, b->specials.terms.len);
}

static void emit_tables(const struct ruledb_builder *b, const struct plan *p, struct out *o)
{
	out_pad(o, p->offset[SECTION_FEEDS]);
	for (unsigned i = 0; i < b->feed_count; i++)
		emit_feed(&b->feeds[i], o);
	out_pad(o, p->offset[SECTION_CATEGORIES]);
	for (unsigned i = 0; i < b->category_count; i++)
		emit_counted(o, b->categories[i].name, b->categories[i].others,
		    b->categories[i].names);
	out_pad(o, p->offset[SECTION_REASONS]);
	for (uint32_t i = 0; i < b->reason_count; i++)
		emit_counted(o, b->reasons[i].text, 0, b->reasons[i].lines);
	emit_specials(b, p, o);
	out_pad(o, p->offset[SECTION_TEXT]);
	out_bytes(o, b->text.ptr, b->text.len);
	out_pad(o, p->size);
}

static enum err write_at_start(int fd, const uint8_t *bytes, size_t len)
{
	for (size_t done = 0; done < len;) {
		ssize_t n = pwrite(fd, bytes + done, len - done, (off_t)done);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return ERR_IO;
		done += (size_t)n;
	}
	return OK;
}

enum err builder_emit(const struct ruledb_builder *b, int fd)
{
	uint8_t header[FORMAT_HEADER_BYTES];
	struct plan plan;
	struct out o = {.fd = fd, .written = FORMAT_CHECKED_FROM};

	plan_make(b, &plan);
	header_make(b, &plan, header);
	o.piece = malloc(FORMAT_PIECE_BYTES);
	if (o.piece == NULL)
		return ERR_MEMORY;
	o.rc = fd_write_all(fd, (struct slice){header, FORMAT_CHECKED_FROM});
	out_bytes(&o, header + FORMAT_CHECKED_FROM, sizeof header - FORMAT_CHECKED_FROM);
	out_bytes(&o, builder_entries(b), (size_t)b->entry_count * FORMAT_ENTRY_BYTES);
	out_pad(&o, plan.offset[SECTION_DIRECTORY]);
	emit_directory(b, &o);
	emit_sets(b, &plan, &o);
	emit_tables(b, &plan, &o);
	out_flush(&o);
	le64_store(header + HEADER_AT_CHECKSUM, o.sum);
	if (o.rc == OK)
		o.rc = write_at_start(fd, header, FORMAT_CHECKED_FROM);
	free(o.piece);
	return o.rc;
}
