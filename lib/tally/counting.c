/* The counting itself, and what is asked of the day. */
#include <errno.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "tally/internal.h"

static struct tally_device device_of(
    enum tally_device_kind kind, const uint8_t *bytes, size_t len)
{
	struct tally_device device = {.kind = kind, .len = (uint8_t)len};

	memcpy(device.bytes, bytes, len);
	return device;
}

struct tally_device tally_device_mac(const uint8_t mac[6])
{
	return device_of(TALLY_DEVICE_MAC, mac, 6);
}

struct tally_device tally_device_ipv4(const uint8_t address[4])
{
	return device_of(TALLY_DEVICE_IPV4, address, 4);
}

struct tally_device tally_device_ipv6(const uint8_t address[16])
{
	return device_of(TALLY_DEVICE_IPV6, address, 8);
}

/* HMAC-SHA-256 of kind and address under the day's key, cut to 64 bits. */
static bool device_tag(
    const struct tally *t, const struct tally_device *device, uint64_t *tag)
{
	uint8_t input[1 + sizeof device->bytes];
	uint8_t digest[EVP_MAX_MD_SIZE];
	unsigned len = 0;

	input[0] = (uint8_t)device->kind;
	memcpy(input + 1, device->bytes, device->len);
	if (HMAC(EVP_sha256(), t->run.head->fixed.key, TALLY_KEY_BYTES, input,
	        1 + (size_t)device->len, digest, &len) == NULL)
		return false;
	memcpy(tag, digest, sizeof *tag);
	return true;
}

static unsigned tier_flags(const struct tally *t, int tier)
{
	return t->run.head->tiers[tier].flags;
}

static unsigned category_flags(const struct tally *t, int category)
{
	return t->run.head->categories[category].flags;
}

static bool is_label(const struct run_label *labels, int max, int i)
{
	return i >= 0 && i < max && labels[i].check != 0;
}

int tally_tier(struct tally *t, const char *text, unsigned flags)
{
	return run_label(t->run.head->tiers, TALLY_TIERS, text, flags);
}

int tally_category(struct tally *t, const char *text, unsigned flags)
{
	return run_label(t->run.head->categories, TALLY_CATEGORIES, text, flags);
}

static struct row *row_of(struct tally *t, const struct tally_device *device, uint64_t tag,
    int tier, unsigned category)
{
	struct row_key key = {.tag = tag,
	    .kind = device->kind,
	    .tier = (uint8_t)tier,
	    .category = (uint8_t)category};
	struct row *row = run_row(&t->run, &key);

	if (row == NULL)
		tally_lost(t, 1);
	return row;
}

void tally_device_seen(
    struct tally *t, const struct tally_device *device, int tier, enum tally_claim claim)
{
	uint64_t tag = 0;

	if (!is_label(t->run.head->tiers, TALLY_TIERS, tier))
		return;
	if (!device_tag(t, device, &tag)) {
		tally_lost(t, 1);
		return;
	}
	if (row_of(t, device, tag, tier, ROW_SEEN) != NULL && claim == TALLY_BY_DEFAULT)
		(void)row_of(t, device, tag, tier, ROW_SEEN_BY_DEFAULT);
}

bool tally_has_seen(const struct tally *t, const struct tally_device *device)
{
	uint64_t tag = 0;

	return device_tag(t, device, &tag) && run_has_seen(&t->run, tag, device->kind);
}

/* A keyed hash of tag and bytes, never 0: which of both it was made of cannot be told. */
static uint64_t pair_of(const struct tally *t, uint64_t tag, struct slice bytes)
{
	struct hash_key key = {t->process_key.k0 ^ tag, t->process_key.k1};

	return siphash13(key, bytes) | 1;
}

static void count_hour(struct tally *t, const struct tally_attempt *a)
{
	const struct run_fixed *fixed = &t->run.head->fixed;

	if (!a->now.wall_trusted || fixed->day == 0 || a->now.wall_s < fixed->start_s ||
	    a->now.wall_s >= fixed->end_s ||
	    category_flags(t, a->category) & TALLY_SENSITIVE)
		return;
	int64_t hour = (a->now.wall_s - fixed->start_s) / 3600;
	uint16_t *n = &t->hours[hour][a->tier][a->category];
	if (hour < TALLY_HOURS && *n < UINT16_MAX)
		(*n)++;
}

static void count_name(struct tally *t, const struct tally_attempt *a, uint64_t tag)
{
	struct tally_top_name name = {.category = (uint8_t)a->category};

	if (a->name.len == 0 || a->name.len >= sizeof name.text ||
	    memchr(a->name.ptr, 0, a->name.len) != NULL ||
	    (tier_flags(t, a->tier) & TALLY_PUPILS) == 0 ||
	    (category_flags(t, a->category) & (TALLY_SENSITIVE | TALLY_SILENT)) != 0)
		return;
	memcpy(name.text, a->name.ptr, a->name.len);
	uint64_t hash = siphash13(t->process_key, a->name) + name.category;
	uint64_t pair = pair_of(t, tag, a->name) + 2 * (uint64_t)name.category;
	if (!names_add(&t->names, &name, a->device.kind, pair | 1, hash))
		tally_lost(t, 1);
}

enum tally_outcome tally_attempt(struct tally *t, const struct tally_attempt *a)
{
	uint64_t tag = 0;

	if (!is_label(t->run.head->tiers, TALLY_TIERS, a->tier) ||
	    !is_label(t->run.head->categories, TALLY_CATEGORIES, a->category))
		return TALLY_DROPPED;
	if (!device_tag(t, &a->device, &tag)) {
		tally_lost(t, 1);
		return TALLY_DROPPED;
	}
	enum collapse_answer answer =
	    collapse_add(&t->collapse, pair_of(t, tag, a->domain), a->now.mono_ms);
	if (answer == COLLAPSE_REPEAT)
		return TALLY_REPEATED;
	if (answer == COLLAPSE_NEW_CROWDED)
		tally_lost(t, 1);
	count_name(t, a, tag);
	struct row *row = row_of(t, &a->device, tag, a->tier, (unsigned)a->category);
	if (row == NULL)
		return TALLY_DROPPED;
	if (row_attempts(row) >= t->limits.cap)
		return TALLY_CAPPED;
	row_add_attempt(row);
	count_hour(t, a);
	return TALLY_COUNTED;
}

void tally_add_queries(struct tally *t, uint64_t n)
{
	run_add(&t->run.head->queries, n);
}

void tally_add_uptime_s(struct tally *t, uint64_t seconds)
{
	run_add(&t->run.head->uptime_s, seconds);
}

void tally_add_unfiltered_s(struct tally *t, uint64_t seconds)
{
	run_add(&t->run.head->unfiltered_s, seconds);
}

void tally_lost(struct tally *t, uint64_t n)
{
	run_add(&t->run.head->lost, n);
}

void tally_fail(struct tally *t, const char *type, int64_t at_s)
{
	run_fail(&t->run, type, at_s);
}

struct tally_period tally_day(const struct tally *t)
{
	const struct run_fixed *fixed = &t->run.head->fixed;

	return (struct tally_period){fixed->day, fixed->start_s, fixed->end_s,
	    fixed->start_offset_min, fixed->end_offset_min};
}

bool tally_is_durable(const struct tally *t)
{
	return t->run.durable;
}

/* ---- totals ---- */

static uint8_t export_labels(
    struct tally_label *to, const struct run_label *from, size_t max)
{
	uint8_t n = 0;

	for (; n < max && from[n].check != 0; n++) {
		memcpy(to[n].text, from[n].text, sizeof to[n].text);
		to[n].flags = from[n].flags;
	}
	return n;
}

static void export_failures(const struct run_head *head, struct tally_totals *out)
{
	for (size_t i = 0; i < TALLY_FAILURES && head->failures[i].count > 0; i++) {
		const struct run_failure *f = &head->failures[i];
		struct tally_failure *to = &out->failures[out->failure_count++];
		memcpy(to->type, f->type, sizeof to->type);
		to->count = f->count;
		to->first_s = f->first_s;
		to->last_s = f->last_s;
	}
}

/* What became sensitive or silent during the day is taken out of hours and names. */
static void drop_withheld(struct tally_totals *totals)
{
	uint8_t kept = 0;

	for (size_t c = 0; c < totals->category_count; c++)
		if (totals->categories[c].flags & TALLY_SENSITIVE)
			for (size_t hour = 0; hour < TALLY_HOURS; hour++)
				for (size_t t = 0; t < totals->tier_count; t++)
					totals->hours[hour][t][c] = 0;
	for (size_t i = 0; i < totals->name_count; i++) {
		unsigned flags = totals->categories[totals->names[i].category].flags;
		if ((flags & (TALLY_SENSITIVE | TALLY_SILENT)) == 0)
			totals->names[kept++] = totals->names[i];
	}
	totals->name_count = kept;
}

void tally_totals(const struct tally *t, struct tally_totals *out)
{
	const struct run_head *head = t->run.head;

	memset(out, 0, sizeof *out);
	out->period = tally_day(t);
	out->tier_count = export_labels(out->tiers, head->tiers, TALLY_TIERS);
	out->category_count =
	    export_labels(out->categories, head->categories, TALLY_CATEGORIES);
	out->queries = head->queries;
	out->uptime_s = head->uptime_s;
	out->unfiltered_s = head->unfiltered_s;
	out->lost = head->lost;
	/* An empty segment is none: a day that is only closed was not interrupted. */
	out->segments =
	    t->run.used > 0 || out->uptime_s > 0 || t->base->segments == 0 ? 1 : 0;
	export_failures(head, out);
	count_live(t, out);
	memcpy(out->hours, t->hours, sizeof out->hours);
	names_export(&t->names, t->limits.min_devices, out);
	tally_totals_merge(out, t->base);
	drop_withheld(out);
}

/* ---- saving and ending ---- */

enum err tally_save(struct tally *t, enum tally_save_kind kind)
{
	struct atomic_file file = ATOMIC_FILE_NONE;
	struct buf bytes = BUF_INIT(TALLY_MAX_BYTES);

	if (t->run.head->fixed.day == 0)
		return ERR_AGAIN;
	struct tally_totals *totals = malloc(sizeof *totals);
	if (totals == NULL)
		return ERR_MEMORY;
	tally_totals(t, totals);
	if (kind == TALLY_SAVE_RUNNING)
		totals->partial = true;
	enum err rc = tally_encode(totals, TALLY_PART_ALL, &bytes);
	if (rc == OK)
		rc = atomic_file_begin(&file, t->state_path, 0640);
	if (rc == OK)
		rc = fd_write_all(file.fd, buf_slice(&bytes));
	if (rc == OK)
		rc = atomic_file_commit_keeping(&file, ".prev");
	atomic_file_abandon(&file);
	buf_deinit(&bytes);
	free(totals);
	return rc;
}

enum err tally_begin_day(struct tally *t, const struct tally_period *period)
{
	struct run_fixed fixed = t->run.head->fixed;

	if (fixed.day != 0)
		return ERR_EXISTS;
	if (period->day == 0 || !tally_period_allowed(period))
		return ERR_RANGE;
	fixed.day = period->day;
	fixed.start_s = period->start_s;
	fixed.end_s = period->end_s;
	fixed.start_offset_min = period->start_offset_min;
	fixed.end_offset_min = period->end_offset_min;
	enum err rc = tally_rebase(t, &fixed);
	explicit_bzero(&fixed, sizeof fixed);
	return rc;
}

static void remove_saved(const char *path, uint32_t day)
{
	struct tally_totals *totals = malloc(sizeof *totals);
	if (totals == NULL)
		return;
	enum err rc = tally_totals_read(path, totals, NULL);
	if (rc == ERR_FORMAT || (rc == OK && totals->period.day == day))
		(void)unlink(path);
	free(totals);
}

static void remove_run(const char *path, uint32_t day)
{
	struct run_image image;

	if (run_read(&image, path) != OK)
		return;
	if (image.head->fixed.day == day)
		(void)unlink(path);
	run_image_deinit(&image);
}

void tally_end(struct tally *t)
{
	char previous[FILE_PATH_BYTES];

	if (t == NULL)
		return;
	uint32_t day = t->run.head->fixed.day;
	/* The tags first: they are what must not stay. */
	if (t->run_path != NULL)
		remove_run(t->run_path, day);
	run_wipe(&t->run);
	remove_saved(t->state_path, day);
	int n = snprintf(previous, sizeof previous, "%s.prev", t->state_path);
	if (n > 0 && (size_t)n < sizeof previous)
		remove_saved(previous, day);
	tally_close(t);
}
