/* The bytes of saved totals, all little-endian:
 *
 *   "LCHTOTAL"  version u32  parts u32  period  labels
 *   counts part: counters, tiers, cells that are not 0, unions, failures
 *   names part:  count u8, then category u8, devices u32, length u8, text
 *   hours part:  count u32, then hour u8, tier u8, category u8, attempts u16
 *   checksum64 of all before */
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "tally/internal.h"
#include "tally/totals.h"

enum {
	VERSION = 1
};

#define MAGIC SLICE_LIT("LCHTOTAL")

static void put_text(struct writer *w, const char *text)
{
	size_t n = strlen(text);

	writer_u8(w, (uint8_t)n);
	writer_bytes(w, (struct slice){(const uint8_t *)text, n});
}

static void put_labels(struct writer *w, const struct tally_label *labels, size_t count)
{
	writer_u8(w, (uint8_t)count);
	for (size_t i = 0; i < count; i++) {
		put_text(w, labels[i].text);
		writer_le32(w, labels[i].flags);
	}
}

static void put_head(struct writer *w, const struct tally_totals *totals, unsigned parts)
{
	writer_bytes(w, MAGIC);
	writer_le32(w, VERSION);
	writer_le32(w, parts);
	writer_le32(w, totals->period.day);
	writer_le64(w, (uint64_t)totals->period.start_s);
	writer_le64(w, (uint64_t)totals->period.end_s);
	writer_u16(w, (uint16_t)totals->period.start_offset_min);
	writer_u16(w, (uint16_t)totals->period.end_offset_min);
	put_labels(w, totals->tiers, totals->tier_count);
	put_labels(w, totals->categories, totals->category_count);
}

static void put_cells(struct writer *w, const struct tally_totals *totals)
{
	for (uint8_t t = 0; t < totals->tier_count; t++)
		for (uint8_t c = 0; c < totals->category_count; c++) {
			const struct tally_cell *cell = &totals->cells[t][c];
			if (cell->attempts == 0 && cell->devices == 0)
				continue;
			writer_u8(w, t);
			writer_u8(w, c);
			writer_le32(w, cell->attempts);
			writer_le32(w, cell->devices);
		}
	writer_u8(w, UINT8_MAX); /* no tier: the end of the cells */
}

static void put_counts(struct writer *w, const struct tally_totals *totals)
{
	writer_le64(w, totals->queries);
	writer_le64(w, totals->uptime_s);
	writer_le64(w, totals->unfiltered_s);
	writer_le64(w, totals->lost);
	writer_le32(w, totals->segments);
	writer_u8(w, totals->partial ? 1 : 0);
	for (size_t t = 0; t < totals->tier_count; t++) {
		writer_le32(w, totals->tier_devices[t]);
		writer_le32(w, totals->tier_default_devices[t]);
	}
	put_cells(w, totals);
	for (size_t c = 0; c < totals->category_count; c++)
		writer_le32(w, totals->category_devices[c]);
	writer_le64(w, totals->low_categories);
	writer_le32(w, totals->low_devices);
	writer_u8(w, totals->failure_count);
	for (size_t i = 0; i < totals->failure_count; i++) {
		const struct tally_failure *f = &totals->failures[i];
		put_text(w, f->type);
		writer_le32(w, f->count);
		writer_le64(w, (uint64_t)f->first_s);
		writer_le64(w, (uint64_t)f->last_s);
	}
}

static void put_names(struct writer *w, const struct tally_totals *totals)
{
	writer_u8(w, totals->name_count);
	for (size_t i = 0; i < totals->name_count; i++) {
		writer_u8(w, totals->names[i].category);
		writer_le32(w, totals->names[i].devices);
		put_text(w, totals->names[i].text);
	}
}

static void put_hours(struct writer *w, const struct tally_totals *totals)
{
	for (uint8_t hour = 0; hour < TALLY_HOURS; hour++)
		for (uint8_t t = 0; t < totals->tier_count; t++)
			for (uint8_t c = 0; c < totals->category_count; c++) {
				uint16_t n = totals->hours[hour][t][c];
				/* Again here: a sensitive hour is never written. */
				if (n == 0 || totals->categories[c].flags & TALLY_SENSITIVE)
					continue;
				writer_u8(w, hour);
				writer_u8(w, t);
				writer_u8(w, c);
				writer_u16(w, n);
			}
	writer_u8(w, UINT8_MAX);
}

enum err tally_encode(const struct tally_totals *totals, unsigned parts, struct buf *out)
{
	uint8_t *storage = malloc(TALLY_MAX_BYTES);
	if (storage == NULL)
		return ERR_MEMORY;

	struct writer w = writer_over(storage, TALLY_MAX_BYTES);
	put_head(&w, totals, parts);
	if (parts & TALLY_PART_COUNTS)
		put_counts(&w, totals);
	if (parts & TALLY_PART_NAMES)
		put_names(&w, totals);
	if (parts & TALLY_PART_HOURS)
		put_hours(&w, totals);
	writer_le64(&w, checksum64(0, writer_slice(&w)));
	enum err rc = w.bad ? ERR_FULL : OK;
	if (rc == OK) {
		buf_append(out, writer_slice(&w));
		rc = buf_status(out);
	}
	free(storage);
	return rc;
}

/* A text of fewer than `size` bytes, NUL-terminated into `out`. */
static void get_text(struct reader *r, char *out, size_t size)
{
	struct slice s = reader_bytes(r, reader_u8(r));

	if (r->bad || s.len >= size || memchr(s.ptr, 0, s.len) != NULL) {
		r->bad = true;
		return;
	}
	memcpy(out, s.ptr, s.len);
	out[s.len] = 0;
}

static void get_labels(
    struct reader *r, struct tally_label *labels, uint8_t *count, size_t max)
{
	size_t n = reader_u8(r);

	if (n > max)
		r->bad = true;
	for (size_t i = 0; i < n && !r->bad; i++) {
		get_text(r, labels[i].text, sizeof labels[i].text);
		labels[i].flags = reader_le32(r);
		if (!tally_label_allowed(labels[i].text) ||
		    tally_label_find(labels, i, labels[i].text) >= 0)
			r->bad = true;
	}
	*count = (uint8_t)(r->bad ? 0 : n);
}

static unsigned get_head(struct reader *r, struct tally_totals *totals)
{
	struct slice magic = reader_bytes(r, MAGIC.len);
	uint32_t version = reader_le32(r);
	unsigned parts = reader_le32(r);

	if (!slice_equal(magic, MAGIC) || version != VERSION || parts > TALLY_PART_ALL)
		r->bad = true;
	totals->period.day = reader_le32(r);
	totals->period.start_s = (int64_t)reader_le64(r);
	totals->period.end_s = (int64_t)reader_le64(r);
	totals->period.start_offset_min = (int16_t)reader_u16(r);
	totals->period.end_offset_min = (int16_t)reader_u16(r);
	if (!tally_period_allowed(&totals->period))
		r->bad = true;
	get_labels(r, totals->tiers, &totals->tier_count, TALLY_TIERS);
	get_labels(r, totals->categories, &totals->category_count, TALLY_CATEGORIES);
	return parts;
}

static void get_cells(struct reader *r, struct tally_totals *totals)
{
	while (!r->bad) {
		uint8_t t = reader_u8(r);
		if (r->bad || t == UINT8_MAX)
			return;
		uint8_t c = reader_u8(r);
		if (t >= totals->tier_count || c >= totals->category_count) {
			r->bad = true;
			return;
		}
		totals->cells[t][c].attempts = reader_le32(r);
		totals->cells[t][c].devices = reader_le32(r);
	}
}

static void get_failures(struct reader *r, struct tally_totals *totals)
{
	size_t n = reader_u8(r);

	if (n > TALLY_FAILURES)
		r->bad = true;
	for (size_t i = 0; i < n && !r->bad; i++) {
		struct tally_failure *f = &totals->failures[i];
		get_text(r, f->type, sizeof f->type);
		f->count = reader_le32(r);
		f->first_s = (int64_t)reader_le64(r);
		f->last_s = (int64_t)reader_le64(r);
		if (!tally_label_allowed(f->type))
			r->bad = true;
	}
	totals->failure_count = (uint8_t)n;
}

static void get_counts(struct reader *r, struct tally_totals *totals)
{
	totals->queries = reader_le64(r);
	totals->uptime_s = reader_le64(r);
	totals->unfiltered_s = reader_le64(r);
	totals->lost = reader_le64(r);
	totals->segments = reader_le32(r);
	totals->partial = reader_u8(r) != 0;
	for (size_t t = 0; t < totals->tier_count; t++) {
		totals->tier_devices[t] = reader_le32(r);
		totals->tier_default_devices[t] = reader_le32(r);
	}
	get_cells(r, totals);
	for (size_t c = 0; c < totals->category_count; c++)
		totals->category_devices[c] = reader_le32(r);
	totals->low_categories = reader_le64(r);
	totals->low_devices = reader_le32(r);
	if (totals->category_count < TALLY_CATEGORIES &&
	    totals->low_categories >> totals->category_count != 0)
		r->bad = true;
	get_failures(r, totals);
}

static void get_names(struct reader *r, struct tally_totals *totals)
{
	size_t n = reader_u8(r);

	if (n > TALLY_NAMES)
		r->bad = true;
	for (size_t i = 0; i < n && !r->bad; i++) {
		struct tally_top_name *name = &totals->names[i];
		name->category = reader_u8(r);
		name->devices = reader_le32(r);
		get_text(r, name->text, sizeof name->text);
		if (name->category >= totals->category_count || name->text[0] == 0)
			r->bad = true;
	}
	totals->name_count = (uint8_t)n;
}

static void get_hours(struct reader *r, struct tally_totals *totals)
{
	while (!r->bad) {
		uint8_t hour = reader_u8(r);
		if (r->bad || hour == UINT8_MAX)
			return;
		uint8_t t = reader_u8(r);
		uint8_t c = reader_u8(r);
		uint16_t n = reader_u16(r);
		if (r->bad || hour >= TALLY_HOURS || t >= totals->tier_count ||
		    c >= totals->category_count) {
			r->bad = true;
			return;
		}
		totals->hours[hour][t][c] = n;
	}
}

enum err tally_decode(struct tally_totals *totals, struct slice bytes, struct diag *why)
{
	memset(totals, 0, sizeof *totals);
	if (bytes.len < 8 || bytes.len > TALLY_MAX_BYTES) {
		diag_set(why, "%zu bytes are no saved tally", bytes.len);
		return ERR_FORMAT;
	}
	struct slice body = {bytes.ptr, bytes.len - 8};
	struct reader end = reader_over((struct slice){bytes.ptr + body.len, 8});
	if (reader_le64(&end) != checksum64(0, body)) {
		diag_set(why, "its checksum does not fit: torn or altered");
		return ERR_FORMAT;
	}

	struct reader r = reader_over(body);
	unsigned parts = get_head(&r, totals);
	if (parts & TALLY_PART_COUNTS)
		get_counts(&r, totals);
	if (parts & TALLY_PART_NAMES)
		get_names(&r, totals);
	if (parts & TALLY_PART_HOURS)
		get_hours(&r, totals);
	if (r.bad || r.left != 0) {
		memset(totals, 0, sizeof *totals);
		diag_set(why, "its content is out of range");
		return ERR_FORMAT;
	}
	return OK;
}
