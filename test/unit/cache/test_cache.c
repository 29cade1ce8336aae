#include "cache/cache.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>
#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>

static const struct hash_key KEY = {0x0706050403020100u, 0x0f0e0d0c0b0a0908u};

enum {
	A = 1,
	AAAA = 28
};

static struct cache *new_cache(size_t bytes)
{
	struct cache *cache = NULL;
	assert_int_equal(cache_new(&cache, bytes, KEY), OK);
	return cache;
}

/* "\4n<7 digits…>\2vn\0": every name of one length. */
static struct slice numbered_name(uint8_t storage[16], unsigned n)
{
	char text[12];
	int len = snprintf(text, sizeof text, "n%08u", n);
	assert_int_equal(len, 9);
	storage[0] = 9;
	memcpy(storage + 1, text, 9);
	memcpy(storage + 10, "\2vn", 4);
	return (struct slice){storage, 14};
}

static void put_text(struct cache *cache, const struct cache_key *key, const char *text,
    uint64_t now_ms, uint64_t expires_ms)
{
	struct cache_entry entry = {.answer = slice_of(text),
	    .stored_ms = now_ms,
	    .expires_ms = expires_ms,
	    .kind = CACHE_POSITIVE,
	    .user_bits = 7};
	assert_true(cache_put(cache, key, &entry));
}

static bool finds(
    struct cache *cache, const struct cache_key *key, uint64_t now_ms, const char *text)
{
	uint8_t bytes[CACHE_ANSWER_MAX_BYTES];
	struct writer out = writer_over(bytes, sizeof bytes);
	struct cache_hit hit;

	if (!cache_find(cache, key, now_ms, &out, &hit))
		return false;
	assert_int_equal(hit.len, out.len);
	return slice_equal(writer_slice(&out), slice_of(text));
}

static void an_answer_is_found_under_its_question_alone(void **state)
{
	(void)state;
	struct cache *cache = new_cache(CACHE_MIN_BYTES);
	struct slice name = SLICE_LIT("\5hoc10\2vn\0");
	struct slice other = SLICE_LIT("\5hoc11\2vn\0");
	struct cache_key key = cache_key_of(cache, name, A, 0);

	put_text(cache, &key, "one", 1000, 2000);
	assert_true(finds(cache, &key, 1000, "one"));
	struct cache_key others[] = {
	    cache_key_of(cache, name, AAAA, 0),
	    cache_key_of(cache, name, A, CACHE_FLAG_DO),
	    cache_key_of(cache, name, A, CACHE_FLAG_CD),
	    cache_key_of(cache, other, A, 0),
	};
	for (size_t i = 0; i < COUNT_OF(others); i++)
		assert_false(finds(cache, &others[i], 1000, "one"));
	struct cache_stats stats = cache_stats_of(cache);
	assert_int_equal(stats.hits, 1);
	assert_int_equal(stats.misses, 4);
	assert_int_equal(stats.entries, 1);
	cache_free(cache);
}

static void a_hit_tells_when_it_was_stored_and_when_it_ends(void **state)
{
	(void)state;
	struct cache *cache = new_cache(CACHE_MIN_BYTES);
	struct cache_key key = cache_key_of(cache, SLICE_LIT("\2vn\0"), A, 0);
	struct cache_entry entry = {.answer = SLICE_LIT("no such name"),
	    .stored_ms = 5000,
	    .expires_ms = 65000,
	    .kind = CACHE_NEGATIVE,
	    .user_bits = UINT64_MAX - 3};
	uint8_t bytes[64];
	struct writer out = writer_over(bytes, sizeof bytes);
	struct cache_hit hit;

	assert_true(cache_put(cache, &key, &entry));
	assert_true(cache_find(cache, &key, 6000, &out, &hit));
	assert_int_equal(hit.len, entry.answer.len);
	assert_int_equal(hit.stored_ms, 5000);
	assert_int_equal(hit.expires_ms, 65000);
	assert_int_equal(hit.kind, CACHE_NEGATIVE);
	assert_true(hit.user_bits == UINT64_MAX - 3);
	cache_free(cache);
}

static uint64_t bits_of(struct cache *cache, const struct cache_key *key, uint64_t now_ms)
{
	uint8_t bytes[64];
	struct writer out = writer_over(bytes, sizeof bytes);
	struct cache_hit hit;

	assert_true(cache_find(cache, key, now_ms, &out, &hit));
	return hit.user_bits;
}

static void a_note_goes_to_the_answer_it_is_about_and_no_other(void **state)
{
	(void)state;
	struct cache *cache = new_cache(CACHE_MIN_BYTES);
	struct cache_key key = cache_key_of(cache, SLICE_LIT("\2vn\0"), A, 0);
	struct cache_key other = cache_key_of(cache, SLICE_LIT("\2la\0"), A, 0);

	put_text(cache, &key, "first", 5000, 65000);
	put_text(cache, &other, "other", 5000, 65000);
	cache_note(cache, &key, 5000, 12);
	assert_int_equal(bits_of(cache, &key, 6000), 12);
	assert_int_equal(bits_of(cache, &other, 6000), 7);
	put_text(cache, &key, "second", 7000, 65000);
	cache_note(cache, &key, 5000, 12);
	assert_int_equal(bits_of(cache, &key, 7001), 7);
	assert_true(cache_remove(cache, &key));
	cache_note(cache, &key, 7000, 12);
	assert_false(finds(cache, &key, 7001, "second"));
	cache_free(cache);
}

static void a_look_without_the_lock_misses_no_answer_that_lies_still(void **state)
{
	(void)state;
	struct cache *cache = new_cache(CACHE_MIN_BYTES);
	enum {
		NAMES = 2000
	};
	char names[NAMES][8];

	for (unsigned i = 0; i < NAMES; i++) {
		(void)snprintf(names[i], sizeof names[i], "\4%04u", i);
		struct cache_key key =
		    cache_key_of(cache, (struct slice){(uint8_t *)names[i], 6}, A, 0);
		if (i % 2 == 0)
			put_text(cache, &key, "there", 1000, 65000);
	}
	unsigned seen = 0;
	for (unsigned i = 0; i < NAMES; i++) {
		struct cache_key key =
		    cache_key_of(cache, (struct slice){(uint8_t *)names[i], 6}, A, 0);
		cache_prefetch(cache, &key);
		bool there = cache_prefetch_record(cache, &key);
		if (finds(cache, &key, 2000, "there"))
			assert_true(there);
		seen += there && i % 2 != 0;
	}
	/* Sixteen bits of the hash may be another name's, now and then. */
	assert_true(seen < NAMES / 20);
	cache_free(cache);
}

static void an_expired_answer_is_a_miss_but_can_be_read_stale(void **state)
{
	(void)state;
	struct cache *cache = new_cache(CACHE_MIN_BYTES);
	struct cache_key key = cache_key_of(cache, SLICE_LIT("\3olm\2vn\0"), A, 0);

	put_text(cache, &key, "x", 10000, 20000);
	assert_true(finds(cache, &key, 19999, "x"));
	assert_false(finds(cache, &key, 20000, "x"));
	uint64_t now_ms = 25000;
	uint64_t limit_ms = 6000;
	assert_true(finds(cache, &key, now_ms - limit_ms, "x"));
	assert_false(finds(cache, &key, now_ms + 1000 - limit_ms, "x"));
	cache_free(cache);
}

static void a_later_answer_replaces_the_earlier_one(void **state)
{
	(void)state;
	struct cache *cache = new_cache(CACHE_MIN_BYTES);
	struct cache_key key = cache_key_of(cache, SLICE_LIT("\3olm\2vn\0"), A, 0);

	put_text(cache, &key, "first", 0, 1000);
	put_text(cache, &key, "a longer second", 10, 1000);
	assert_true(finds(cache, &key, 20, "a longer second"));
	assert_int_equal(cache_stats_of(cache).entries, 1);
	assert_true(cache_remove(cache, &key));
	assert_false(cache_remove(cache, &key));
	assert_false(finds(cache, &key, 20, "a longer second"));
	assert_int_equal(cache_stats_of(cache).entries, 0);
	assert_int_equal(cache_stats_of(cache).bytes, 0);
	cache_free(cache);
}

static void flush_forgets_a_name_and_all_below_it(void **state)
{
	(void)state;
	struct cache *cache = new_cache(CACHE_MIN_BYTES);
	struct slice names[] = {SLICE_LIT("\3olm\2vn\0"), SLICE_LIT("\1a\3olm\2vn\0"),
	    SLICE_LIT("\1b\1a\3olm\2vn\0"), SLICE_LIT("\4xolm\2vn\0"), SLICE_LIT("\2vn\0"),
	    SLICE_LIT("\3olm\3com\0")};
	struct cache_key keys[COUNT_OF(names)];

	for (size_t i = 0; i < COUNT_OF(names); i++) {
		keys[i] = cache_key_of(cache, names[i], A, 0);
		put_text(cache, &keys[i], "x", 0, 1000);
	}
	assert_int_equal(cache_flush(cache, names[0]), 3);
	for (size_t i = 0; i < COUNT_OF(names); i++)
		assert_int_equal(finds(cache, &keys[i], 1, "x"), i >= 3);
	assert_int_equal(cache_flush(cache, SLICE_LIT("\0")), 3);
	assert_int_equal(cache_stats_of(cache).entries, 0);
	cache_free(cache);
}

static void what_is_too_large_is_refused_and_changes_nothing(void **state)
{
	(void)state;
	static uint8_t large[CACHE_ANSWER_MAX_BYTES + 1];
	struct cache *cache = new_cache(CACHE_MIN_BYTES);
	struct cache_key key = cache_key_of(cache, SLICE_LIT("\3olm\2vn\0"), A, 0);
	struct cache_entry entry = {
	    .answer = {large, sizeof large}, .expires_ms = 1000, .kind = CACHE_POSITIVE};

	put_text(cache, &key, "small", 0, 1000);
	assert_false(cache_put(cache, &key, &entry));
	assert_true(finds(cache, &key, 1, "small"));
	assert_int_equal(cache_stats_of(cache).refused, 1);

	entry.answer.len = CACHE_ANSWER_MAX_BYTES;
	assert_true(cache_put(cache, &key, &entry));
	uint8_t bytes[CACHE_ANSWER_MAX_BYTES - 1];
	struct writer out = writer_over(bytes, sizeof bytes);
	struct cache_hit hit;
	assert_false(cache_find(cache, &key, 1, &out, &hit)); /* no room there */
	assert_int_equal(out.len, 0);
	assert_false(out.bad);
	cache_free(cache);
}

static void sizes_below_the_least_are_refused(void **state)
{
	(void)state;
	struct cache *cache = NULL;
	assert_int_equal(cache_new(&cache, CACHE_MIN_BYTES - 1, KEY), ERR_RANGE);
	assert_null(cache);
	cache_free(NULL);
}

/* Pages of a cache that memory stands behind; a cache is the start of its one mapping. */
static size_t resident_pages(struct cache *cache, size_t bytes)
{
	size_t pages = bytes / (size_t)sysconf(_SC_PAGESIZE);
	unsigned char *in_memory = calloc(pages, 1);
	size_t resident = 0;

	assert_non_null(in_memory);
	assert_int_equal(mincore(cache, bytes, in_memory), 0);
	for (size_t i = 0; i < pages; i++)
		resident += in_memory[i] & 1u;
	free(in_memory);
	return resident;
}

static void an_empty_cache_costs_no_memory(void **state)
{
	(void)state;
	size_t bytes = (size_t)64 * 1024 * 1024;
	struct cache *cache = new_cache(bytes);
	struct cache_key key = cache_key_of(cache, SLICE_LIT("\3olm\2vn\0"), A, 0);

	assert_false(finds(cache, &key, 0, ""));
	assert_int_equal(cache_flush(cache, SLICE_LIT("\0")), 0);
	put_text(cache, &key, "x", 0, 1000);
	/* Of 16384 pages: a few, and where the kernel gives large ones two of those. */
	assert_true(resident_pages(cache, bytes) <= 40 + 2 * 512);
	cache_free(cache);
}

static uint64_t next_random(uint64_t *seed)
{
	*seed += 0x9e3779b97f4a7c15u;
	return hash_mix64(*seed);
}

/* What a name's answer must be: its length and every octet follow from `n` and `version`. */
static size_t make_answer(uint8_t *out, unsigned n, unsigned version, size_t len)
{
	for (size_t i = 0; i < len; i++)
		out[i] = (uint8_t)(n * 31 + version * 7 + i);
	return len;
}

enum {
	MODEL_NAMES = 20000
};

struct model {
	unsigned version; /* 0: must not be found */
	size_t len;
	uint64_t expires_ms;
};

static void model_put(
    struct cache *cache, struct model *model, unsigned n, uint64_t dice, uint64_t now_ms)
{
	uint8_t answer[CACHE_ANSWER_MAX_BYTES];
	uint8_t storage[16];
	struct cache_key key = cache_key_of(cache, numbered_name(storage, n), A, 0);
	/* Mostly small, now and then up to the limit. */
	size_t len = (size_t)(dice >> 8 & 255);
	if ((dice & 63) == 0)
		len = (size_t)(dice >> 16) % (CACHE_ANSWER_MAX_BYTES + 1);

	model[n].version++;
	model[n].len = make_answer(answer, n, model[n].version, len);
	model[n].expires_ms = now_ms + (dice >> 32) % 5000;
	struct cache_entry entry = {.answer = {answer, len},
	    .stored_ms = now_ms,
	    .expires_ms = model[n].expires_ms,
	    .kind = (dice >> 5 & 7) < 2 ? CACHE_NEGATIVE : CACHE_POSITIVE};
	assert_true(cache_put(cache, &key, &entry));
}

static bool model_find(
    struct cache *cache, const struct model *model, unsigned n, uint64_t now_ms)
{
	uint8_t expected[CACHE_ANSWER_MAX_BYTES];
	uint8_t bytes[CACHE_ANSWER_MAX_BYTES];
	uint8_t storage[16];
	struct cache_key key = cache_key_of(cache, numbered_name(storage, n), A, 0);
	struct writer out = writer_over(bytes, sizeof bytes);
	struct cache_hit hit;

	if (!cache_find(cache, &key, now_ms, &out, &hit))
		return false;
	assert_true(model[n].version > 0);
	assert_true(model[n].expires_ms > now_ms);
	assert_int_equal(out.len, model[n].len);
	make_answer(expected, n, model[n].version, model[n].len);
	assert_memory_equal(bytes, expected, out.len);
	return true;
}

static void whatever_is_found_is_what_was_put_last(void **state)
{
	(void)state;
	struct model *model = calloc(MODEL_NAMES, sizeof *model);
	struct cache *cache = new_cache(CACHE_MIN_BYTES);
	uint64_t seed = 42;
	unsigned found = 0;

	assert_non_null(model);
	for (uint64_t step = 0; step < 150000; step++) {
		uint64_t dice = next_random(&seed);
		uint64_t spread = next_random(&seed);
		unsigned n = (unsigned)(spread % (dice % 3 == 0 ? MODEL_NAMES : 300));
		uint64_t now_ms = step / 10;
		if (model_find(cache, model, n, now_ms))
			found++;
		else if (dice % 100 < 97)
			model_put(cache, model, n, dice, now_ms);
		if (dice % 1000 == 999) {
			uint8_t storage[16];
			struct cache_key key =
			    cache_key_of(cache, numbered_name(storage, n), A, 0);
			cache_remove(cache, &key);
			model[n] = (struct model){.version = 0};
			assert_false(model_find(cache, model, n, now_ms));
		}
	}
	assert_true(found > 40000);
	struct cache_stats stats = cache_stats_of(cache);
	assert_true(stats.bytes <= stats.limit_bytes);
	assert_true(stats.negative_bytes <= stats.limit_bytes / 4);
	assert_true(stats.evictions > 1000);
	assert_int_equal(cache_flush(cache, SLICE_LIT("\0")), stats.entries);
	assert_int_equal(cache_stats_of(cache).bytes, 0);
	assert_int_equal(cache_stats_of(cache).negative_bytes, 0);
	cache_free(cache);
	free(model);
}

/* One asker: finds, or puts 120 bytes. */
static bool ask(struct cache *cache, unsigned n, enum cache_kind kind, uint64_t now_ms)
{
	static const uint8_t answer[120];
	uint8_t bytes[256];
	uint8_t storage[16];
	struct cache_key key = cache_key_of(cache, numbered_name(storage, n), A, 0);
	struct writer out = writer_over(bytes, sizeof bytes);
	struct cache_hit hit;

	if (cache_find(cache, &key, now_ms, &out, &hit))
		return true;
	struct cache_entry entry = {.answer = {answer, sizeof answer},
	    .stored_ms = now_ms,
	    .expires_ms = now_ms + 3600000,
	    .kind = kind};
	assert_true(cache_put(cache, &key, &entry));
	return false;
}

/* Hits in 100 among `hot` names asked in turn, `flood` one-time names between two of them. */
static unsigned hot_hits_percent(
    struct cache *cache, unsigned hot, unsigned flood, enum cache_kind kind)
{
	unsigned one_time = 1000000;
	unsigned hits = 0;
	unsigned asked = 0;

	for (unsigned round = 0; round < 16; round++)
		for (unsigned n = 0; n < hot; n++) {
			bool hit = ask(cache, n, CACHE_POSITIVE, round);
			hits += round >= 5 && hit ? 1u : 0u;
			asked += round >= 5 ? 1u : 0u;
			for (unsigned i = 0; round >= 3 && i < flood; i++)
				(void)ask(cache, one_time++, kind, round);
		}
	return hits * 100 / asked;
}

static void a_flood_of_one_time_names_leaves_the_hot_ones_alone(void **state)
{
	(void)state;
	/* 2 MiB hold some 11,000 of these; the flood brings 260,000. */
	struct cache *cache = new_cache(CACHE_MIN_BYTES);
	assert_true(hot_hits_percent(cache, 1000, 20, CACHE_NEGATIVE) >= 98);
	cache_free(cache);
	cache = new_cache(CACHE_MIN_BYTES);
	assert_true(hot_hits_percent(cache, 1000, 20, CACHE_POSITIVE) >= 98);
	cache_free(cache);
	cache = new_cache(CACHE_MIN_BYTES);
	assert_true(hot_hits_percent(cache, 5000, 4, CACHE_POSITIVE) >= 90);
	cache_free(cache);
}

/* T19, as the list of threats has it: a million random names while a thousand are asked for by
 * everybody, and as many expired answers are kept for an outage. */
static void a_million_random_names_leave_the_hot_ones_and_the_memory_alone(void **state)
{
	(void)state;
	enum {
		HOT = 1000,
		FLOOD = 1000000,
		FLOOD_BETWEEN = 20
	};
	struct cache *cache = new_cache(CACHE_MIN_BYTES);
	uint64_t seed = 7;
	unsigned hits = 0;
	unsigned asked = 0;

	for (unsigned round = 0; round < 4; round++) {
		for (unsigned n = 0; n < HOT; n++)
			(void)ask(cache, n, CACHE_POSITIVE, round);
		/* Popular once: nobody asks for them any more. */
		for (unsigned n = 0; n < HOT; n++)
			(void)ask(cache, HOT + n, CACHE_POSITIVE, 0);
	}
	uint64_t now_ms = 2 * 3600000; /* all have expired, and are kept */
	for (unsigned flooded = 0; flooded < FLOOD; flooded += FLOOD_BETWEEN) {
		now_ms += 4; /* five thousand a second */
		hits += ask(cache, asked % HOT, CACHE_POSITIVE, now_ms) ? 1u : 0u;
		asked++;
		for (unsigned i = 0; i < FLOOD_BETWEEN; i++)
			(void)ask(cache, 1000000 + (unsigned)(next_random(&seed) % 8000000),
			    i % 2 == 0 ? CACHE_NEGATIVE : CACHE_POSITIVE, now_ms);
	}
	assert_true(hits >= asked / 10 * 9);
	struct cache_stats stats = cache_stats_of(cache);
	assert_true(stats.bytes <= stats.limit_bytes);
	assert_true(stats.negative_bytes <= stats.limit_bytes / 4);
	assert_true(
	    resident_pages(cache, CACHE_MIN_BYTES) * (size_t)sysconf(_SC_PAGESIZE) <=
	    CACHE_MIN_BYTES);
	cache_free(cache);
}

static void negative_answers_hold_a_quarter_at_most_even_when_asked_twice(void **state)
{
	(void)state;
	struct cache *cache = new_cache(CACHE_MIN_BYTES);

	for (unsigned n = 0; n < 3000; n++)
		(void)ask(cache, n, CACHE_POSITIVE, 1);
	for (unsigned n = 100000; n < 140000; n++) {
		(void)ask(cache, n, CACHE_NEGATIVE, 1);
		(void)ask(cache, n, CACHE_NEGATIVE, 1);
		struct cache_stats stats = {0};
		if (n % 5000 == 0) {
			stats = cache_stats_of(cache);
			assert_true(stats.negative_bytes <= stats.limit_bytes / 4);
		}
	}
	assert_true(cache_stats_of(cache).negative_bytes > CACHE_MIN_BYTES / 8);
	cache_free(cache);
}

static void tiny_answers_never_overfill_the_index(void **state)
{
	(void)state;
	struct cache *cache = new_cache(CACHE_MIN_BYTES);

	for (unsigned n = 0; n < 100000; n++) {
		uint8_t storage[16];
		struct cache_key key = cache_key_of(cache, numbered_name(storage, n), A, 0);
		put_text(cache, &key, "", 0, 1000);
		assert_true(finds(cache, &key, 1, ""));
	}
	assert_true(cache_stats_of(cache).entries > 10000);
	cache_free(cache);
}

struct runner {
	struct cache *cache;
	uint64_t seed;
	unsigned wrong;
};

static void run_once(struct runner *r)
{
	uint8_t storage[16];
	uint8_t bytes[512];
	uint64_t dice = next_random(&r->seed);
	unsigned n = (unsigned)(dice % 500);
	size_t len = 20 + n % 300;
	struct cache_key key = cache_key_of(r->cache, numbered_name(storage, n), A, 0);
	struct writer out = writer_over(bytes, sizeof bytes);
	struct cache_hit hit;

	if (dice >> 32 & 1) {
		if (!cache_find(r->cache, &key, 1, &out, &hit))
			return;
		uint8_t expected[512];
		make_answer(expected, n, 0, len);
		if (out.len != len || memcmp(bytes, expected, len) != 0)
			r->wrong++;
		return;
	}
	struct cache_entry entry = {.answer = {bytes, make_answer(bytes, n, 0, len)},
	    .expires_ms = 1000,
	    .kind = CACHE_POSITIVE};
	(void)cache_put(r->cache, &key, &entry);
	if (dice % 97 == 0)
		(void)cache_remove(r->cache, &key);
	if (dice % 4999 == 0)
		(void)cache_flush(r->cache, SLICE_LIT("\2vn\0"));
	if (dice % 997 == 0)
		(void)cache_stats_of(r->cache);
}

static void *run_many(void *arg)
{
	struct runner *r = arg;
	for (unsigned i = 0; i < 60000; i++)
		run_once(r);
	return NULL;
}

static void threads_never_see_half_an_answer(void **state)
{
	(void)state;
	struct cache *cache = new_cache(CACHE_MIN_BYTES);
	struct runner runners[4];
	pthread_t threads[4];

	for (size_t i = 0; i < 4; i++) {
		runners[i] = (struct runner){cache, i * 1000003, 0};
		assert_int_equal(
		    pthread_create(&threads[i], NULL, run_many, &runners[i]), 0);
	}
	for (size_t i = 0; i < 4; i++) {
		assert_int_equal(pthread_join(threads[i], NULL), 0);
		assert_int_equal(runners[i].wrong, 0);
	}
	cache_free(cache);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(an_empty_cache_costs_no_memory),
	    cmocka_unit_test(an_answer_is_found_under_its_question_alone),
	    cmocka_unit_test(a_hit_tells_when_it_was_stored_and_when_it_ends),
	    cmocka_unit_test(a_note_goes_to_the_answer_it_is_about_and_no_other),
	    cmocka_unit_test(a_look_without_the_lock_misses_no_answer_that_lies_still),
	    cmocka_unit_test(an_expired_answer_is_a_miss_but_can_be_read_stale),
	    cmocka_unit_test(a_later_answer_replaces_the_earlier_one),
	    cmocka_unit_test(flush_forgets_a_name_and_all_below_it),
	    cmocka_unit_test(what_is_too_large_is_refused_and_changes_nothing),
	    cmocka_unit_test(sizes_below_the_least_are_refused),
	    cmocka_unit_test(whatever_is_found_is_what_was_put_last),
	    cmocka_unit_test(a_flood_of_one_time_names_leaves_the_hot_ones_alone),
	    cmocka_unit_test(
	        a_million_random_names_leave_the_hot_ones_and_the_memory_alone),
	    cmocka_unit_test(negative_answers_hold_a_quarter_at_most_even_when_asked_twice),
	    cmocka_unit_test(tiny_answers_never_overfill_the_index),
	    cmocka_unit_test(threads_never_see_half_an_answer),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
