/* district_intake -- what a document costs when it comes alone: one transaction each, on disk.
 *
 *	district_intake WHERE [THREADS [SCHOOLS]]
 *
 * Each of THREADS (2) sends a day's documents of its part of SCHOOLS (2000), which are known before,
 * through a connection of its own, as fast as it can. Prints documents a second and the time of one. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "made.h"

enum {
	THREADS_MAX = 32
};

struct sender {
	const char *where;
	struct made *documents;
	size_t count;
	double *took_ms;
};

static double now_ms(void)
{
	struct timespec t;
	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static void die(const char *what, const char *why)
{
	(void)fprintf(stderr, "district_intake: %s: %s\n", what, why);
	exit(1);
}

static void *send_all(void *context)
{
	struct sender *s = context;
	struct store *store = NULL;
	struct diag why = {0};
	enum document_result result;

	if (store_open(&store, s->where, &why) != OK)
		die("open", why.text);
	for (size_t i = 0; i < s->count; i++) {
		struct document put = made_put(&s->documents[i]);
		put.unit = s->documents[i].unit;
		double begun = now_ms();
		if (store_document_put(store, &put, &result) != OK)
			die("put", store_why(store));
		s->took_ms[i] = now_ms() - begun;
	}
	store_close(store);
	return NULL;
}

/* As after a week: units, words and names are known. */
static void make_known(const char *where, const struct made *documents, size_t count)
{
	struct store *store = NULL;
	struct diag why = {0};
	enum document_result result;
	struct made_random r = {1};

	if (store_open(&store, where, &why) != OK || store_begin(store) != OK)
		die("open", why.text);
	for (size_t i = 0; i < count; i++) {
		struct made m;
		made_document(
		    &m, &r, documents[i].unit, documents[i].day - 1, REPORT_DAY, 1);
		struct document put = made_put(&m);
		if (store_document_put(store, &put, &result) != OK)
			die("put", store_why(store));
		made_deinit(&m);
	}
	if (store_commit(store) != OK)
		die("commit", store_why(store));
	store_close(store);
}

static int by_time(const void *left, const void *right)
{
	double x = *(const double *)left, y = *(const double *)right;
	return x < y ? -1 : x > y;
}

static unsigned number_or(char **argv, int argc, int at, unsigned otherwise)
{
	uint64_t n = otherwise;
	if (at < argc && !slice_to_u64(slice_of(argv[at]), 1000000, &n))
		die(argv[at], "not a number");
	return (unsigned)n;
}

int main(int argc, char **argv)
{
	unsigned threads = number_or(argv, argc, 2, 2);
	unsigned schools = number_or(argv, argc, 3, 2000);
	struct made *documents = calloc(schools, sizeof *documents);
	double *took_ms = calloc(schools, sizeof *took_ms);
	struct made_random r = {(uint64_t)time(NULL)};
	pthread_t ids[THREADS_MAX];
	struct sender senders[THREADS_MAX];

	if (argc < 2 || threads == 0 || threads > THREADS_MAX || schools < threads ||
	    documents == NULL || took_ms == NULL) {
		(void)fprintf(stderr, "usage: district_intake WHERE [THREADS [SCHOOLS]]\n");
		return 2;
	}
	int32_t day = 20000 + (int32_t)made_below(&r, 700);
	for (unsigned i = 0; i < schools; i++) {
		char unit[STORE_UNIT_BYTES];
		(void)snprintf(unit, sizeof unit, "school-%u", i);
		made_document(&documents[i], &r, unit, day, REPORT_DAY, 1);
	}
	make_known(argv[1], documents, schools);
	double begun = now_ms();
	for (unsigned t = 0; t < threads; t++) {
		size_t first = (size_t)schools * t / threads;
		size_t end = (size_t)schools * (t + 1) / threads;
		senders[t] = (struct sender){
		    argv[1], documents + first, end - first, took_ms + first};
		if (pthread_create(&ids[t], NULL, send_all, &senders[t]) != 0)
			die("thread", "none");
	}
	for (unsigned t = 0; t < threads; t++)
		(void)pthread_join(ids[t], NULL);
	double took = now_ms() - begun;
	qsort(took_ms, schools, sizeof *took_ms, by_time);
	(void)printf(
	    "%u threads: %.0f documents a second; one takes %.1f ms, p99 %.1f, longest %.1f\n",
	    threads, schools / took * 1e3, took_ms[schools / 2],
	    took_ms[schools * 99 / 100], took_ms[schools - 1]);
	for (unsigned i = 0; i < schools; i++)
		made_deinit(&documents[i]);
	free(documents);
	free(took_ms);
	return 0;
}
