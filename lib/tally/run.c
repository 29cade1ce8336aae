/* The run file: header | rows | base. It is made new at every start, from what the one
 * before held, and renamed into place; so a damaged file heals and a reader of the old
 * one is never surprised. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/file.h"
#include "tally/internal.h"

enum {
	VERSION = 1,
	RUN_MAX_BYTES = 64 * 1024 * 1024,

	META_CHECK_BITS = 12,
	META_ATTEMPTS_AT = 12,
	META_CATEGORY_AT = 17,
	META_TIER_AT = 24,
	META_KIND_AT = 29,
	META_ATTEMPTS = 0x1f,
	META_CATEGORY = 0x7f,
	META_TIER = 0x1f,
	META_KIND = 0x03
};

#define META_USED ((uint32_t)1 << 31)
#define MAGIC     ((uint64_t)0x4c43484e52554e31u)

static uint32_t meta_fixed(const struct row_key *key)
{
	uint32_t fields = META_USED | (uint32_t)key->kind << META_KIND_AT |
	    (uint32_t)key->tier << META_TIER_AT |
	    (uint32_t)key->category << META_CATEGORY_AT;
	uint64_t mixed = hash_mix64(key->tag ^ fields);

	return fields | (uint32_t)(mixed & ((1u << META_CHECK_BITS) - 1));
}

static uint32_t meta_of(const struct row *row)
{
	return atomic_load_explicit(&row->meta, memory_order_relaxed);
}

bool row_used(const struct row *row)
{
	return (meta_of(row) & META_USED) != 0;
}

uint64_t row_tag(const struct row *row)
{
	return (uint64_t)row->tag_high << 32 | row->tag_low;
}

enum tally_device_kind row_kind(const struct row *row)
{
	return (enum tally_device_kind)(meta_of(row) >> META_KIND_AT & META_KIND);
}

unsigned row_tier(const struct row *row)
{
	return meta_of(row) >> META_TIER_AT & META_TIER;
}

unsigned row_category(const struct row *row)
{
	return meta_of(row) >> META_CATEGORY_AT & META_CATEGORY;
}

unsigned row_attempts(const struct row *row)
{
	return meta_of(row) >> META_ATTEMPTS_AT & META_ATTEMPTS;
}

void row_add_attempt(struct row *row)
{
	uint32_t meta = meta_of(row);

	if (row_attempts(row) < META_ATTEMPTS)
		atomic_store_explicit(
		    &row->meta, meta + (1u << META_ATTEMPTS_AT), memory_order_relaxed);
}

static struct row_key key_of(const struct row *row)
{
	return (struct row_key){.tag = row_tag(row),
	    .kind = row_kind(row),
	    .tier = (uint8_t)row_tier(row),
	    .category = (uint8_t)row_category(row)};
}

static bool row_holds(const struct row *row)
{
	struct row_key key = key_of(row);
	uint32_t without_attempts =
	    meta_of(row) & ~((uint32_t)META_ATTEMPTS << META_ATTEMPTS_AT);

	return key.kind != 0 && key.category < ROW_CATEGORIES &&
	    without_attempts == meta_fixed(&key);
}

uint32_t run_home(const struct run *run, uint64_t tag)
{
	/* Tags are an HMAC's bits: nobody without today's key can crowd a place. */
	return (uint32_t)tag & (run->head->fixed.rows - 1);
}

struct row *run_row(struct run *run, const struct row_key *key)
{
	uint32_t mask = run->head->fixed.rows - 1;
	uint32_t meta = meta_fixed(key);
	uint32_t at = run_home(run, key->tag);

	for (; row_used(&run->rows[at]); at = (at + 1) & mask) {
		struct row *row = &run->rows[at];
		uint32_t have =
		    meta_of(row) & ~((uint32_t)META_ATTEMPTS << META_ATTEMPTS_AT);
		if (have == meta && row_tag(row) == key->tag)
			return row;
	}
	/* A quarter stays free, so that searches stay short. */
	if (run->used >= run->head->fixed.rows / 4 * 3)
		return NULL;
	struct row *row = &run->rows[at];
	row->tag_low = (uint32_t)key->tag;
	row->tag_high = (uint32_t)(key->tag >> 32);
	atomic_store_explicit(&row->meta, meta, memory_order_release);
	run->used++;
	return row;
}

bool run_has_seen(const struct run *run, uint64_t tag, enum tally_device_kind kind)
{
	uint32_t mask = run->head->fixed.rows - 1;

	for (uint32_t at = run_home(run, tag); row_used(&run->rows[at]);
	     at = (at + 1) & mask) {
		const struct row *row = &run->rows[at];
		if (row_tag(row) == tag && row_kind(row) == kind &&
		    row_category(row) == ROW_SEEN)
			return true;
	}
	return false;
}

/* Not 0, so that a label of zeros is not one. */
static uint32_t label_check(const char *text)
{
	return (uint32_t)checksum64(1, slice_of(text)) | 1;
}

static bool label_holds(const struct run_label *label)
{
	return tally_label_allowed(label->text) && label->check == label_check(label->text);
}

int run_label(struct run_label *labels, size_t max, const char *text, unsigned flags)
{
	if (!tally_label_allowed(text))
		return -1;
	size_t i = 0;
	while (i < max && labels[i].check != 0 && strcmp(labels[i].text, text) != 0)
		i++;
	if (i == max)
		return -1;
	struct run_label *label = &labels[i];
	uint32_t have = atomic_load_explicit(&label->flags, memory_order_relaxed);
	atomic_store_explicit(&label->flags, have | flags, memory_order_relaxed);
	if (label->check == 0) {
		memset(label->text, 0, sizeof label->text);
		memcpy(label->text, text, strlen(text));
		atomic_store_explicit(
		    &label->check, label_check(text), memory_order_release);
	}
	return (int)i;
}

static struct run_failure *failure_place(struct run *run, const char *type)
{
	struct run_failure *all = run->head->failures;

	for (size_t i = 0; i < TALLY_FAILURES; i++)
		if (all[i].count == 0 || strcmp(all[i].type, type) == 0)
			return &all[i];
	return &all[TALLY_FAILURES - 1];
}

void run_fail(struct run *run, const char *type, int64_t at_s)
{
	struct run_failure *f =
	    failure_place(run, tally_label_allowed(type) ? type : "other");
	uint32_t count = atomic_load_explicit(&f->count, memory_order_relaxed);

	if (count == 0) {
		(void)snprintf(f->type, sizeof f->type, "%s",
		    tally_label_allowed(type) ? type : "other");
		f->first_s = at_s;
	}
	if (count == 0 || at_s > f->last_s)
		f->last_s = at_s;
	if (count < UINT32_MAX)
		atomic_store_explicit(&f->count, count + 1, memory_order_release);
}

static uint64_t fixed_check(const struct run_fixed *fixed)
{
	return checksum64(0, (struct slice){(const uint8_t *)fixed, sizeof *fixed});
}

static size_t run_bytes(const struct run_fixed *fixed)
{
	return sizeof(struct run_head) + (size_t)fixed->rows * sizeof(struct row) +
	    fixed->base_bytes;
}

static bool head_holds(const struct run_head *head, size_t bytes)
{
	const struct run_fixed *fixed = &head->fixed;
	struct tally_period period = {fixed->day, fixed->start_s, fixed->end_s,
	    fixed->start_offset_min, fixed->end_offset_min};

	return fixed->magic == MAGIC && fixed->version == VERSION &&
	    head->fixed_check == fixed_check(fixed) && fixed->rows > 0 &&
	    (fixed->rows & (fixed->rows - 1)) == 0 && fixed->rows < RUN_MAX_BYTES / 16 &&
	    fixed->base_bytes <= TALLY_MAX_BYTES && bytes == run_bytes(fixed) &&
	    tally_period_allowed(&period);
}

void run_image_deinit(struct run_image *image)
{
	/* It holds the day's key. */
	if (image->bytes.ptr != NULL)
		explicit_bzero(image->bytes.ptr, image->bytes.cap);
	buf_deinit(&image->bytes);
	image->head = NULL;
}

enum err run_read(struct run_image *image, const char *path)
{
	*image = (struct run_image){.bytes = BUF_INIT(RUN_MAX_BYTES)};

	enum err rc = file_read(path, &image->bytes);
	if (rc != OK)
		goto failed;
	const struct run_head *head = (const void *)image->bytes.ptr;
	rc = ERR_FORMAT;
	if (image->bytes.len < sizeof *head || !head_holds(head, image->bytes.len))
		goto failed;
	image->head = head;
	image->rows = (const void *)(image->bytes.ptr + sizeof *head);
	size_t base_at = run_bytes(&head->fixed) - head->fixed.base_bytes;
	image->base = (struct slice){image->bytes.ptr + base_at, head->fixed.base_bytes};
	return OK;
failed:
	run_image_deinit(image);
	return rc == ERR_FULL ? ERR_FORMAT : rc;
}

/* A file of its full size, every page of it reserved: a full run_dir is met here and not
 * as a signal at some later count. -1 when it cannot be made. */
static int run_create(const char *temporary, size_t bytes)
{
	(void)unlink(temporary);
	int fd = open(temporary, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return -1;
	if (posix_fallocate(fd, 0, (off_t)bytes) != 0) {
		(void)close(fd);
		(void)unlink(temporary);
		return -1;
	}
	return fd;
}

static bool run_map(struct run *run, int fd)
{
	int flags = fd < 0 ? MAP_PRIVATE | MAP_ANONYMOUS : MAP_SHARED;

	void *at = mmap(NULL, run->bytes, PROT_READ | PROT_WRITE, flags, fd, 0);
	if (at == MAP_FAILED)
		return false;
	run->head = at;
	run->rows = (void *)(run->head + 1);
	return true;
}

static void copy_labels(struct run_label *to, const struct run_label *from, size_t max)
{
	/* Up to the first that does not hold: rows speak of places. */
	for (size_t i = 0; i < max && label_holds(&from[i]); i++)
		(void)run_label(to, max, from[i].text, from[i].flags);
}

static size_t label_count(const struct run_label *labels, size_t max)
{
	size_t n = 0;
	while (n < max && labels[n].check != 0)
		n++;
	return n;
}

static void copy_failures(struct run *run, const struct run_head *old)
{
	for (size_t i = 0; i < TALLY_FAILURES; i++) {
		const struct run_failure *f = &old->failures[i];
		struct run_failure *mine = &run->head->failures[i];
		if (f->count == 0 || memchr(f->type, 0, sizeof f->type) == NULL ||
		    !tally_label_allowed(f->type))
			return;
		memcpy(mine->type, f->type, sizeof f->type);
		mine->first_s = f->first_s;
		mine->last_s = f->last_s;
		mine->count = f->count;
	}
}

static void copy_rows(struct run *run, const struct run_head *old, const struct row *rows)
{
	size_t tiers = label_count(run->head->tiers, TALLY_TIERS);
	size_t categories = label_count(run->head->categories, TALLY_CATEGORIES);

	for (uint32_t i = 0; i < old->fixed.rows; i++) {
		if (!row_used(&rows[i]))
			continue;
		struct row_key key = key_of(&rows[i]);
		bool holds = row_holds(&rows[i]) && key.tier < tiers &&
		    (key.category >= ROW_SEEN || key.category < categories);
		struct row *row = holds ? run_row(run, &key) : NULL;
		if (row == NULL) {
			run_add(&run->head->lost, 1);
			continue;
		}
		/* Twice the same row cannot be; were it so, the first stays. */
		while (row_attempts(row) < row_attempts(&rows[i]))
			row_add_attempt(row);
	}
}

static void copy_old(struct run *run, const struct run_head *old, const struct row *rows)
{
	run->head->queries = old->queries;
	run->head->uptime_s = old->uptime_s;
	run->head->unfiltered_s = old->unfiltered_s;
	run->head->lost = old->lost;
	copy_labels(run->head->tiers, old->tiers, TALLY_TIERS);
	copy_labels(run->head->categories, old->categories, TALLY_CATEGORIES);
	copy_failures(run, old);
	copy_rows(run, old, rows);
}

enum err run_make(struct run *run, const char *path, const struct run_fixed *fixed,
    struct slice base, const struct run_head *old, const struct row *old_rows)
{
	char temporary[FILE_PATH_BYTES];
	int fd = -1;

	*run = (struct run){.head = NULL};
	struct run_fixed mine = *fixed;
	mine.magic = MAGIC;
	mine.version = VERSION;
	mine.base_bytes = (uint32_t)base.len;
	run->bytes = run_bytes(&mine);
	int n = path == NULL ? -1 : snprintf(temporary, sizeof temporary, "%s.new", path);
	if (n > 0 && (size_t)n < sizeof temporary)
		fd = run_create(temporary, run->bytes);
	if (!run_map(run, fd)) {
		if (fd >= 0)
			(void)close(fd);
		return ERR_MEMORY;
	}
	run->head->fixed = mine;
	run->head->fixed_check = fixed_check(&mine);
	if (base.len > 0)
		memcpy((uint8_t *)run->head + run->bytes - base.len, base.ptr, base.len);
	if (old != NULL)
		copy_old(run, old, old_rows);
	if (fd >= 0) {
		run->durable = rename(temporary, path) == 0;
		(void)close(fd);
	}
	return OK;
}

void run_wipe(struct run *run)
{
	explicit_bzero(run->head, run->bytes);
}

void run_deinit(struct run *run)
{
	if (run->head == NULL)
		return;
	if (!run->durable)
		run_wipe(run);
	(void)munmap(run->head, run->bytes);
	run->head = NULL;
}
