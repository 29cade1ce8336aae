#include "kit/log.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

/* stderr is a pipe for the length of a test; what was logged comes out here. */
static int saved_stderr;
static int read_end;
static char seen[1 << 20];

static int capture(void **state)
{
	int ends[2];

	(void)state;
	(void)signal(SIGPIPE, SIG_IGN);
	saved_stderr = dup(STDERR_FILENO);
	if (saved_stderr < 0 || pipe2(ends, O_CLOEXEC) != 0)
		return -1;
	(void)fcntl(ends[0], F_SETFL, O_NONBLOCK);
	if (dup2(ends[1], STDERR_FILENO) < 0)
		return -1;
	(void)close(ends[1]);
	read_end = ends[0];
	log_open("test", LOG_LEVEL_INFO, LOG_TARGET_STDERR);
	return 0;
}

static int release(void **state)
{
	(void)state;
	(void)dup2(saved_stderr, STDERR_FILENO);
	(void)close(saved_stderr);
	(void)close(read_end);
	log_open("test", LOG_LEVEL_INFO, LOG_TARGET_STDERR);
	return 0;
}

static const char *drain(void)
{
	size_t at = 0;
	ssize_t n;

	while ((n = read(read_end, seen + at, sizeof seen - 1 - at)) > 0)
		at += (size_t)n;
	seen[at] = 0;
	return seen;
}

static unsigned count_of(const char *text, const char *word)
{
	unsigned count = 0;

	for (const char *at = text; (at = strstr(at, word)) != NULL; at += strlen(word))
		count++;
	return count;
}

static void a_line_has_program_level_tag_and_text(void **state)
{
	(void)state;
	log_warn("upstream", "%s: no answer in %u ms", "192.0.2.1", 300u);
	assert_non_null(
	    strstr(drain(), " test warn upstream: 192.0.2.1: no answer in 300 ms\n"));
}

static void debug_is_silent_until_wanted(void **state)
{
	(void)state;
	log_debug("tag", "quiet");
	assert_string_equal(drain(), "");
	log_set_level(LOG_LEVEL_DEBUG);
	assert_true(log_wants(LOG_LEVEL_DEBUG));
	log_debug("tag", "loud");
	assert_non_null(strstr(drain(), "loud"));
}

static void control_characters_cannot_forge_a_line(void **state)
{
	(void)state;
	log_info("tag", "name %s", "a\nerror everything is lost\x1b[2J");
	const char *text = drain();
	assert_int_equal(count_of(text, "\n"), 1);
	assert_non_null(strstr(text, "a\\x0aerror"));
	assert_null(strchr(text, '\x1b'));
}

static void the_journal_gets_priorities(void **state)
{
	(void)state;
	log_open("test", LOG_LEVEL_DEBUG, LOG_TARGET_JOURNAL);
	log_error("tag", "first");
	log_warn("tag", "second");
	log_info("tag", "third");
	log_debug("tag", "fourth");
	assert_string_equal(
	    drain(), "<3>tag: first\n<4>tag: second\n<6>tag: third\n<7>tag: fourth\n");
}

static void a_redirected_stderr_is_not_taken_for_the_journal(void **state)
{
	(void)state;
	assert_int_equal(setenv("JOURNAL_STREAM", "1:2", 1), 0);
	log_open("test", LOG_LEVEL_INFO, LOG_TARGET_AUTO);
	log_info("tag", "text");
	assert_null(strstr(drain(), "<6>"));
	assert_int_equal(unsetenv("JOURNAL_STREAM"), 0);
}

static void repeats_are_left_out_and_counted(void **state)
{
	(void)state;
	for (unsigned i = 0; i < LOG_BURST + 25; i++)
		log_info("repeats", "number %u", i);
	const char *text = drain();
	assert_int_equal(count_of(text, "number"), LOG_BURST);
	log_info("repeats", "another kind");
	assert_int_equal(count_of(drain(), "another kind"), 1);
	const struct timespec window = {
	    .tv_sec = LOG_WINDOW_MS / 1000, .tv_nsec = 100000000};
	(void)nanosleep(&window, NULL);
	log_tick();
	assert_non_null(strstr(drain(), "repeats: 25 more lines like the last ones"));
	log_tick();
	assert_string_equal(drain(), "");
}

static void a_reader_that_sleeps_costs_lines_not_time(void **state)
{
	(void)state;
	struct timespec before;
	struct timespec after;
	unsigned long written = 20000;

	log_set_level(LOG_LEVEL_DEBUG);
	assert_int_equal(clock_gettime(CLOCK_MONOTONIC, &before), 0);
	for (unsigned long i = 0; i < written; i++)
		log_debug("flood", "line %lu of many that nobody reads", i);
	assert_int_equal(clock_gettime(CLOCK_MONOTONIC, &after), 0);
	assert_true(after.tv_sec - before.tv_sec < 20);
	unsigned got = count_of(drain(), "nobody reads");
	assert_true(got > 0 && got < written);
	log_debug("flood", "awake");
	const char *text = drain();
	unsigned long lost = 0;
	const char *said = strstr(text, "warn log: ");
	assert_non_null(said);
	lost = strtoul(said + strlen("warn log: "), NULL, 10);
	assert_int_equal(got + lost, written);
	assert_non_null(strstr(text, "awake"));
}

static void *write_lines(void *context)
{
	const unsigned *number = context;

	for (unsigned i = 0; i < 100; i++)
		log_debug("thread", "<%u says a rather long line that must stay whole %u>",
		    *number, i);
	return NULL;
}

static void lines_of_threads_do_not_mix(void **state)
{
	(void)state;
	pthread_t threads[4];
	unsigned numbers[4] = {0, 1, 2, 3};

	log_set_level(LOG_LEVEL_DEBUG);
	for (unsigned i = 0; i < 4; i++)
		assert_int_equal(
		    pthread_create(&threads[i], NULL, write_lines, &numbers[i]), 0);
	for (unsigned i = 0; i < 4; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	char *rest = NULL;
	unsigned whole = 0;
	for (char *line = strtok_r((char *)(uintptr_t)drain(), "\n", &rest); line != NULL;
	     line = strtok_r(NULL, "\n", &rest)) {
		/* A small pipe costs lines, which is said in a line of its own. */
		if (strstr(line, "warn log: ") != NULL)
			continue;
		assert_int_equal(count_of(line, "<"), 1);
		assert_int_equal(line[strlen(line) - 1], '>');
		whole++;
	}
	assert_true(whole > 0);
}

int main(void)
{
#define LOG_TEST(name) cmocka_unit_test_setup_teardown(name, capture, release)
	const struct CMUnitTest tests[] = {
	    LOG_TEST(a_line_has_program_level_tag_and_text),
	    LOG_TEST(debug_is_silent_until_wanted),
	    LOG_TEST(control_characters_cannot_forge_a_line),
	    LOG_TEST(the_journal_gets_priorities),
	    LOG_TEST(a_redirected_stderr_is_not_taken_for_the_journal),
	    LOG_TEST(repeats_are_left_out_and_counted),
	    LOG_TEST(a_reader_that_sleeps_costs_lines_not_time),
	    LOG_TEST(lines_of_threads_do_not_mix),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
