/* patterns_bench -- what patterns add to a name: one never seen before, and one seen again.
 *
 *	patterns_bench [PATTERNS]    default 500
 *
 * The same million plain names with and without patterns, the same questions, in turns; each
 * line is the median of the rounds (the machine may be noisy: trust the differences of one run).
 * One pattern in ten has no certain letters in a row, as far as RULEDB_ALWAYS_MAX allows, and
 * one in fifty would never end without PCRE2's limits. lib/ruledb/README.md keeps the last run. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "ruledb/builder.h"

enum {
	PLAIN_NAMES = 1000000,
	QUESTIONS = 20000, /* of one round, all different from those before */
	ROUNDS = 15,
	NAME_BYTES = 64
};

static uint64_t next_random(uint64_t *seed)
{
	*seed += 0x9e3779b97f4a7c15u;
	return hash_mix64(*seed);
}

static uint64_t now_ns(void)
{
	struct timespec t;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void must(enum err rc)
{
	if (rc != OK) {
		(void)fprintf(stderr, "patterns_bench: %s\n", err_text(rc));
		exit(1);
	}
}

/* Like real ones: syllables, digits now and then, two to four labels. */
static void make_name(struct name_buf *out, uint64_t *seed)
{
	static const char *const syllables[] = {"ba", "cdn", "ing", "shop", "tra", "mo",
	    "ver", "lin", "sta", "ter", "net", "vi", "pro", "an", "cloud", "en", "media",
	    "o", "ra", "ko"};
	static const char *const ends[] = {".com", ".vn", ".net", ".com.vn", ".org", ".io"};
	char text[NAME_BYTES * 2];
	size_t used = 0;

	unsigned labels = 1 + (unsigned)(next_random(seed) % 3);
	for (unsigned l = 0; l < labels; l++) {
		unsigned parts = 1 + (unsigned)(next_random(seed) % 3);
		for (unsigned i = 0; i < parts; i++)
			used += (size_t)snprintf(text + used, sizeof text - used, "%s",
			    syllables[next_random(seed) % COUNT_OF(syllables)]);
		if (next_random(seed) % 3 == 0)
			used += (size_t)snprintf(text + used, sizeof text - used, "%u",
			    (unsigned)(next_random(seed) % 100000));
		if (l + 1 < labels)
			text[used++] = '.';
	}
	(void)snprintf(text + used, sizeof text - used, "%s",
	    ends[next_random(seed) % COUNT_OF(ends)]);
	must(name_from_text(out, slice_of(text), NULL));
}

static void make_pattern(char out[128], unsigned i)
{
	static const char *const words[] = {"ads", "track", "metric", "telemetr", "banner",
	    "casino", "poker", "stat", "analytic", "pixel", "beacon", "affiliat", "promo",
	    "popup", "click", "counter", "log", "spy", "bet", "slots"};
	const char *word = words[i % COUNT_OF(words)];

	switch (i % 50 == 49 ? 4 : i % 10 == 9 ? 3 : i % 3) {
	case 0:
		(void)snprintf(out, 128, "^(.+[_.-])?%s%u[0-9]*[_.-]", word, i);
		break;
	case 1:
		(void)snprintf(out, 128, "(^|\\.)%s-?%c[a-z]*\\.", word, 'a' + i % 26);
		break;
	case 2:
		(void)snprintf(out, 128, "^%s[0-9]*\\.site%u\\.", word, i);
		break;
	case 3:
		(void)snprintf(out, 128, "^%c[0-9]{3,}x?%c\\.", 'a' + i % 26, 'a' + i / 26);
		break;
	default:
		(void)snprintf(out, 128, "^(([a-z])+.)+%s([a-z])+%u$", word, i);
	}
}

static struct ruledb *make_database(unsigned patterns)
{
	struct ruledb_builder_options options = {
	    .key = {patterns, 2}, .max_bytes = (size_t)1 << 28};
	struct ruledb_builder *b;
	struct ruledb *db;
	uint64_t seed = 1;
	unsigned feed;

	must(ruledb_builder_new(&b, &options));
	must(ruledb_builder_feed(b, "plain", "adult", &feed));
	for (unsigned i = 0; i < PLAIN_NAMES; i++) {
		struct name_buf name;
		make_name(&name, &seed);
		must(ruledb_builder_add(b, name_of(&name), 0));
	}
	must(ruledb_builder_feed(b, "patterns", "games", &feed));
	for (unsigned i = 0; i < patterns; i++) {
		char text[128];
		make_pattern(text, i);
		struct rule_terms terms = {.pattern = slice_of(text)};
		struct rule rule = {.subject = RULE_OF_PATTERN, .terms = &terms};
		must(ruledb_builder_add_rule(b, &rule));
	}
	int fd = memfd_create("bench", MFD_CLOEXEC);
	must(ruledb_builder_write(b, fd));
	ruledb_builder_free(b);
	must(ruledb_open_fd(&db, fd, NULL));
	close(fd);
	return db;
}

struct side {
	struct ruledb *db;
	struct ruledb_scratch *scratch;
	double first[ROUNDS]; /* ns a name */
	double again[ROUNDS];
	uint64_t listed;
};

static double ask_all(struct side *s, const struct name_buf *names, size_t count)
{
	struct listing listing;
	uint64_t begin = now_ns();

	for (size_t i = 0; i < count; i++) {
		struct name_hashes hashes;
		struct ruledb_question q = {
		    .name = name_of(&names[i]), .hashes = &hashes, .qtype = 1};
		name_hash_all(&hashes, q.name, ruledb_key(s->db));
		s->listed += ruledb_match(s->db, s->scratch, &q, &listing);
	}
	return (double)(now_ns() - begin) / (double)count;
}

static int compare(const void *left, const void *right)
{
	double a, b;
	memcpy(&a, left, sizeof a);
	memcpy(&b, right, sizeof b);
	return a < b ? -1 : a > b;
}

static double median(double values[ROUNDS])
{
	qsort(values, ROUNDS, sizeof *values, compare);
	return values[ROUNDS / 2];
}

static void tell(struct side *with, struct side *without)
{
	double first = median(with->first), again = median(with->again);
	double plain = median(without->first), plain_again = median(without->again);
	struct ruledb_scratch_stats stats;

	ruledb_scratch_stats(with->scratch, &stats);
	(void)printf(
	    "new name:   %6.0f ns, without patterns %6.0f ns: patterns add %6.0f ns\n",
	    first, plain, first - plain);
	(void)printf(
	    "seen again: %6.0f ns, without patterns %6.0f ns: patterns add %6.0f ns\n",
	    again, plain_again, again - plain_again);
	(void)printf("%.2f runs of PCRE2 a new name, %llu of %llu cut\n",
	    (double)stats.runs / (double)stats.names, (unsigned long long)stats.cut,
	    (unsigned long long)stats.runs);
}

int main(int argc, char **argv)
{
	static struct name_buf names[QUESTIONS];
	uint64_t patterns = 500, seed = 99;
	struct side sides[2] = {{.db = NULL}, {.db = NULL}};

	if (argc > 1 && !slice_to_u64(slice_of(argv[1]), RULEDB_PATTERNS_MAX, &patterns)) {
		(void)fprintf(stderr, "usage: patterns_bench [PATTERNS]\n");
		return 2;
	}
	for (unsigned i = 0; i < 2; i++) {
		sides[i].db = make_database(i == 0 ? (unsigned)patterns : 0);
		must(ruledb_scratch_new(&sides[i].scratch));
	}
	for (unsigned round = 0; round < ROUNDS; round++) {
		for (size_t i = 0; i < QUESTIONS; i++)
			make_name(&names[i], &seed);
		for (unsigned i = 0; i < 2; i++) {
			/* 2,000 twice: as many as the memory of a scratch keeps */
			sides[i].first[round] = ask_all(&sides[i], names, QUESTIONS);
			(void)ask_all(&sides[i], names, 2000);
			sides[i].again[round] = ask_all(&sides[i], names, 2000);
		}
	}
	tell(&sides[0], &sides[1]);
	for (unsigned i = 0; i < 2; i++) {
		ruledb_scratch_free(sides[i].scratch);
		ruledb_close(sides[i].db);
	}
	return 0;
}
