/* The counted day: what counts once, what survives, and what is never written. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "tally/internal.h"

#define MINUTE_MS (60 * 1000)
#define DAY_START ((int64_t)1795107600) /* 2026-11-20 00:00 +07:00 */

struct fixture {
	char folder[64];
	char run[96];
	char state[96];
	struct tally_setup setup;
	struct tally *t;
	struct tally_totals *totals;
	int primary;
	int staff;
	int games;
	int adult;
};

static struct tally_period day_at(uint32_t day, int64_t start)
{
	return (struct tally_period){day, start, start + 86400, 420, 420};
}

static void add_labels(struct fixture *f)
{
	f->primary = tally_tier(f->t, "primary", TALLY_PUPILS);
	f->staff = tally_tier(f->t, "staff", 0);
	f->games = tally_category(f->t, "games", 0);
	f->adult = tally_category(f->t, "adult", TALLY_SENSITIVE);
}

static void reopen(struct fixture *f)
{
	tally_close(f->t);
	f->t = NULL;
	assert_int_equal(tally_open(&f->t, &f->setup, NULL), OK);
	add_labels(f);
}

static void set_up(struct fixture *f)
{
	*f = (struct fixture){.folder = "/tmp/lachan-tally-XXXXXX"};
	assert_non_null(mkdtemp(f->folder));
	(void)snprintf(f->run, sizeof f->run, "%s/tally", f->folder);
	(void)snprintf(f->state, sizeof f->state, "%s/today", f->folder);
	f->setup = (struct tally_setup){.run_path = f->run,
	    .state_path = f->state,
	    .period = day_at(20261120, DAY_START),
	    .process_key = {1, 2},
	    .limits = TALLY_LIMITS_DEFAULT};
	f->setup.limits.rows = 1024;
	memset(f->setup.device_key, 7, sizeof f->setup.device_key);
	f->totals = calloc(1, sizeof *f->totals);
	assert_non_null(f->totals);
	reopen(f);
}

static void tear_down(struct fixture *f)
{
	char command[128];

	tally_close(f->t);
	free(f->totals);
	(void)snprintf(command, sizeof command, "rm -rf '%s'", f->folder);
	assert_int_equal(system(command), 0); /* NOLINT(cert-env33-c): a path of ours */
}

static struct tally_device device_number(unsigned n)
{
	uint8_t mac[6] = {2, 0, 0, 0, (uint8_t)(n >> 8), (uint8_t)n};

	return tally_device_mac(mac);
}

static bool attempt(
    struct fixture *f, unsigned device, int category, const char *domain, uint64_t minute)
{
	struct tally_attempt a = {.device = device_number(device),
	    .tier = f->primary,
	    .category = category,
	    .domain = slice_of(domain),
	    .name = slice_of(domain),
	    .now = {.mono_ms = minute * MINUTE_MS,
	        .wall_s = DAY_START + (int64_t)minute * 60,
	        .wall_trusted = true}};

	return tally_attempt(f->t, &a) == TALLY_COUNTED;
}

static const struct tally_cell *cell(struct fixture *f, int category)
{
	tally_totals(f->t, f->totals);
	return &f->totals->cells[f->primary][category];
}

static void repeats_within_ten_minutes_are_one_attempt(void **state)
{
	struct fixture f;
	(void)state;

	set_up(&f);
	assert_true(attempt(&f, 1, f.games, "game.example", 0));
	assert_false(attempt(&f, 1, f.games, "game.example", 5));
	assert_false(attempt(&f, 1, f.games, "game.example", 9));
	assert_true(attempt(&f, 1, f.games, "game.example", 10));
	assert_true(attempt(&f, 1, f.games, "other.example", 10));
	assert_true(attempt(&f, 2, f.games, "game.example", 10));
	assert_int_equal(cell(&f, f.games)->attempts, 4);
	assert_int_equal(cell(&f, f.games)->devices, 2);
	tear_down(&f);
}

static void a_repeat_that_is_read_before_its_first_is_one_attempt(void **state)
{
	struct fixture f;
	(void)state;

	set_up(&f);
	assert_true(attempt(&f, 1, f.games, "game.example", 20));
	assert_false(attempt(&f, 1, f.games, "game.example", 19));
	assert_true(attempt(&f, 1, f.games, "game.example", 31));
	tear_down(&f);
}

static void one_device_counts_at_most_twenty_times_in_a_cell(void **state)
{
	struct fixture f;
	unsigned counted = 0;
	(void)state;

	set_up(&f);
	for (unsigned i = 0; i < 100; i++)
		counted += attempt(&f, 1, f.games, "game.example", i * 11ull);
	assert_int_equal(counted, 20);
	assert_int_equal(cell(&f, f.games)->attempts, 20);
	assert_true(attempt(&f, 1, f.adult, "x.example", 0));
	tear_down(&f);
}

static void a_device_counts_once_in_a_union_of_cells(void **state)
{
	struct fixture f;
	struct tally_selection both = {{0}};
	(void)state;

	set_up(&f);
	for (unsigned i = 0; i < 6; i++)
		assert_true(attempt(&f, i, f.games, "game.example", 0));
	for (unsigned i = 4; i < 9; i++)
		assert_true(attempt(&f, i, f.adult, "x.example", 0));
	both.categories[f.primary] = (uint64_t)1 << f.games | (uint64_t)1 << f.adult;
	struct tally_cell sum = tally_count(f.t, &both);
	assert_int_equal(sum.attempts, 11);
	assert_int_equal(sum.devices, 9);
	tear_down(&f);
}

static void of_unknown_machines_the_larger_family_counts(void **state)
{
	struct fixture f;
	(void)state;

	set_up(&f);
	for (uint8_t i = 0; i < 7; i++) {
		uint8_t v4[4] = {10, 0, 0, i};
		uint8_t v6[16] = {
		    0xfd, 0, 0, 0, 0, 0, 0, (uint8_t)(i % 3), 1, 2, 3, 4, 5, 6, 7, i};
		struct tally_device four = tally_device_ipv4(v4);
		struct tally_device six = tally_device_ipv6(v6);
		tally_device_seen(f.t, &four, f.primary, TALLY_BY_DEFAULT);
		tally_device_seen(f.t, &six, f.primary, TALLY_BY_DEFAULT);
	}
	struct tally_device mac = device_number(1);
	tally_device_seen(f.t, &mac, f.primary, TALLY_CLAIMED);
	tally_totals(f.t, f.totals);
	assert_int_equal(f.totals->tier_devices[f.primary], 1 + 7);
	assert_int_equal(f.totals->tier_default_devices[f.primary], 7);
	assert_int_equal(tally_population(f.t, 1u << f.primary), 8);
	tear_down(&f);
}

static void who_was_seen_is_known_whatever_the_tier_and_after_a_restart(void **state)
{
	struct fixture f;
	const uint8_t here[4] = {10, 0, 0, 1}, elsewhere[4] = {10, 0, 0, 2};
	const uint8_t card[6] = {10, 0, 0, 1, 0, 0};
	(void)state;

	set_up(&f);
	const struct tally_device seen = tally_device_ipv4(here);
	const struct tally_device quiet = tally_device_ipv4(elsewhere);
	const struct tally_device mac = tally_device_mac(card);
	assert_false(tally_has_seen(f.t, &seen));
	tally_device_seen(f.t, &seen, f.primary, TALLY_BY_DEFAULT);
	for (unsigned round = 0; round < 2; round++) {
		assert_true(tally_has_seen(f.t, &seen));
		assert_false(tally_has_seen(f.t, &quiet));
		assert_false(tally_has_seen(f.t, &mac));
		reopen(&f);
	}
	tear_down(&f);
}

/* A child counts and is killed at no particular place; what it was told counted, counts. */
static void kill_minus_nine_loses_no_count(void **state)
{
	struct fixture f;
	(void)state;

	set_up(&f);
	if (!tally_is_durable(f.t))
		skip();
	for (unsigned round = 0; round < 20; round++) {
		int pipe_fds[2];
		assert_int_equal(pipe(pipe_fds), 0);
		pid_t child = fork();
		assert_true(child >= 0);
		if (child == 0) {
			for (unsigned i = 0; i < 100000; i++) {
				bool new = attempt(&f, i % 40, f.games, "game.example",
				    (uint64_t)round * 1000 + i / 40 * 11);
				if (new &&write(pipe_fds[1], "1", 1) != 1)
					_exit(1);
			}
			_exit(0);
		}
		(void)close(pipe_fds[1]);
		(void)usleep(1000 + round * 300);
		(void)kill(child, SIGKILL);
		(void)waitpid(child, NULL, 0);
		unsigned told = 0;
		char block[512];
		for (ssize_t n; (n = read(pipe_fds[0], block, sizeof block)) > 0;)
			told += (unsigned)n;
		(void)close(pipe_fds[0]);

		uint32_t before = f.totals->cells[f.primary][f.games].attempts;
		tally_close(f.t);
		f.t = NULL;
		assert_int_equal(tally_open(&f.t, &f.setup, NULL), OK);
		uint32_t after = cell(&f, f.games)->attempts;
		/* One more than told may stand there: counted, and killed before telling. */
		assert_in_range(after - before, told, told + 1);
		assert_true(f.totals->cells[f.primary][f.games].devices <= 40);
		assert_int_equal(f.totals->segments, 1);
		assert_false(f.totals->partial);
	}
	tear_down(&f);
}

static void a_device_is_not_counted_twice_across_a_restart(void **state)
{
	struct fixture f;
	(void)state;

	set_up(&f);
	assert_true(attempt(&f, 1, f.games, "game.example", 0));
	memset(
	    f.setup.device_key, 9, sizeof f.setup.device_key); /* not used: the old stays */
	reopen(&f);
	assert_true(attempt(&f, 1, f.games, "game.example", 20));
	assert_int_equal(cell(&f, f.games)->attempts, 2);
	assert_int_equal(cell(&f, f.games)->devices, 1);
	tear_down(&f);
}

static void a_lost_key_starts_a_segment_whose_devices_are_not_added(void **state)
{
	struct fixture f;
	struct tally_selection games = {{0}};
	(void)state;

	set_up(&f);
	for (unsigned i = 0; i < 12; i++)
		assert_true(attempt(&f, i, f.games, "game.example", 0));
	assert_int_equal(tally_save(f.t, TALLY_SAVE_RUNNING), OK);
	assert_int_equal(unlink(f.run), 0);
	memset(f.setup.device_key, 9, sizeof f.setup.device_key);
	reopen(&f);
	for (unsigned i = 0; i < 5; i++)
		assert_true(attempt(&f, i, f.games, "game.example", 30));
	assert_int_equal(cell(&f, f.games)->attempts, 17);
	assert_int_equal(cell(&f, f.games)->devices, 12);
	assert_int_equal(f.totals->segments, 2);
	assert_true(f.totals->partial);
	games.categories[f.primary] = (uint64_t)1 << f.games;
	assert_int_equal(tally_count(f.t, &games).devices, 12);
	assert_int_equal(tally_count(f.t, &games).attempts, 17);
	/* And the base survives the next kill together with the rows. */
	reopen(&f);
	assert_int_equal(cell(&f, f.games)->attempts, 17);
	assert_int_equal(cell(&f, f.games)->devices, 12);
	assert_int_equal(f.totals->segments, 2);
	tear_down(&f);
}

static bool file_holds(const char *path, const char *text)
{
	struct buf bytes = BUF_INIT(1 << 24);

	assert_int_equal(file_read(path, &bytes), OK);
	bool found = memmem(bytes.ptr, bytes.len, text, strlen(text)) != NULL;
	buf_deinit(&bytes);
	return found;
}

static void no_name_is_in_the_run_file_and_none_below_the_floor_on_disk(void **state)
{
	struct fixture f;
	(void)state;

	set_up(&f);
	for (unsigned i = 0; i < 9; i++)
		assert_true(attempt(&f, i, f.games, "few.example", 0));
	for (unsigned i = 0; i < 10; i++)
		assert_true(attempt(&f, i, f.games, "many.example", 0));
	for (unsigned i = 0; i < 30; i++)
		assert_true(attempt(&f, i, f.adult, "quiet.example", 0));
	assert_int_equal(tally_save(f.t, TALLY_SAVE_RUNNING), OK);
	reopen(&f);
	assert_false(file_holds(f.run, "example"));
	assert_true(file_holds(f.state, "many.example"));
	assert_false(file_holds(f.state, "few.example"));
	assert_false(file_holds(f.state, "quiet.example"));
	/* No tag of a device either: every one of them stands in the run file. */
	struct buf bytes = BUF_INIT(1 << 24);
	assert_int_equal(file_read(f.state, &bytes), OK);
	for (uint32_t i = 0; i < f.t->run.head->fixed.rows; i++)
		if (row_used(&f.t->run.rows[i]))
			assert_null(memmem(bytes.ptr, bytes.len, &f.t->run.rows[i], 8));
	assert_null(memmem(bytes.ptr, bytes.len, f.t->run.head->fixed.key, 8));
	buf_deinit(&bytes);
	/* What was on disk comes back. */
	tally_totals(f.t, f.totals);
	assert_int_equal(f.totals->name_count, 1);
	assert_string_equal(f.totals->names[0].text, "many.example");
	assert_int_equal(f.totals->names[0].devices, 10);
	tear_down(&f);
}

static void nothing_of_a_device_is_stored_where_run_dir_is_no_memory(void **state)
{
	struct fixture f;
	(void)state;

	set_up(&f);
	assert_int_equal(unlink(f.run), 0);
	f.setup.run_path = NULL;
	reopen(&f);
	assert_false(tally_is_durable(f.t));
	assert_true(attempt(&f, 1, f.games, "game.example", 0));
	assert_int_equal(access(f.run, F_OK), -1);
	assert_int_equal(tally_save(f.t, TALLY_SAVE_LAST), OK);
	reopen(&f);
	assert_int_equal(cell(&f, f.games)->attempts, 1);
	tear_down(&f);
}

static void sensitive_categories_have_no_hours(void **state)
{
	struct fixture f;
	(void)state;

	set_up(&f);
	assert_true(attempt(&f, 1, f.games, "game.example", 125));
	assert_true(attempt(&f, 1, f.adult, "x.example", 125));
	tally_totals(f.t, f.totals);
	assert_int_equal(f.totals->hours[2][f.primary][f.games], 1);
	assert_int_equal(f.totals->hours[2][f.primary][f.adult], 0);
	/* A category that becomes sensitive during the day loses the hours it had. */
	assert_int_equal(tally_category(f.t, "games", TALLY_SENSITIVE), f.games);
	tally_totals(f.t, f.totals);
	assert_int_equal(f.totals->hours[2][f.primary][f.games], 0);
	assert_int_equal(f.totals->cells[f.primary][f.games].attempts, 1);
	assert_int_equal(f.totals->name_count, 0);
	tear_down(&f);
}

static void a_full_table_is_counted_and_makes_the_day_partial(void **state)
{
	struct fixture f;
	(void)state;

	set_up(&f);
	for (unsigned i = 0; i < 2000; i++)
		(void)attempt(&f, i, f.games, "game.example", 0);
	tally_totals(f.t, f.totals);
	assert_int_equal(f.totals->cells[f.primary][f.games].devices, 1024 / 4 * 3);
	assert_int_equal(f.totals->lost, 2000 - 1024 / 4 * 3);
	assert_true(f.totals->partial);
	tear_down(&f);
}

static void a_yesterday_left_behind_is_found_closed_and_gone(void **state)
{
	struct fixture f;
	struct tally *left = NULL;
	(void)state;

	set_up(&f);
	assert_int_equal(tally_open_left(&left, &f.setup, NULL), ERR_NOT_FOUND);
	assert_true(attempt(&f, 1, f.games, "game.example", 0));
	assert_int_equal(tally_save(f.t, TALLY_SAVE_RUNNING), OK);
	assert_true(attempt(&f, 2, f.games, "game.example", 0));
	tally_close(f.t);
	f.t = NULL;

	f.setup.period = day_at(20261121, DAY_START + 86400);
	assert_int_equal(tally_open_left(&left, &f.setup, NULL), OK);
	assert_int_equal(tally_day(left).day, 20261120);
	tally_totals(left, f.totals);
	assert_int_equal(f.totals->cells[0][0].devices, 2);
	assert_int_equal(f.totals->segments, 1);
	tally_end(left);
	assert_int_equal(access(f.run, F_OK), -1);
	assert_int_equal(access(f.state, F_OK), -1);
	assert_int_equal(tally_open_left(&left, &f.setup, NULL), ERR_NOT_FOUND);
	reopen(&f);
	assert_int_equal(cell(&f, f.games)->attempts, 0);
	tear_down(&f);
}

static void an_orderly_end_leaves_a_whole_day_and_a_power_cut_a_partial_one(void **state)
{
	static const enum tally_save_kind kinds[] = {TALLY_SAVE_RUNNING, TALLY_SAVE_LAST};
	(void)state;

	for (size_t i = 0; i < COUNT_OF(kinds); i++) {
		struct fixture f;
		struct tally *left = NULL;
		set_up(&f);
		assert_true(attempt(&f, 1, f.games, "game.example", 0));
		tally_add_uptime_s(f.t, 60);
		assert_int_equal(tally_save(f.t, kinds[i]), OK);
		tally_close(f.t);
		f.t = NULL;
		assert_int_equal(unlink(f.run), 0);
		f.setup.period = day_at(20261121, DAY_START + 86400);
		assert_int_equal(tally_open_left(&left, &f.setup, NULL), OK);
		tally_totals(left, f.totals);
		assert_int_equal(f.totals->cells[0][0].attempts, 1);
		assert_int_equal(f.totals->uptime_s, 60);
		assert_int_equal(f.totals->partial, kinds[i] == TALLY_SAVE_RUNNING);
		tally_close(left);
		tear_down(&f);
	}
}

static void a_day_without_a_clock_becomes_the_day_it_was(void **state)
{
	struct fixture f;
	(void)state;

	set_up(&f);
	assert_true(attempt(&f, 1, f.games, "game.example", 0));
	assert_int_equal(tally_save(f.t, TALLY_SAVE_RUNNING), OK);
	tally_close(f.t);
	f.t = NULL;
	assert_int_equal(unlink(f.run), 0);

	struct tally_period known = f.setup.period;
	f.setup.period = (struct tally_period){.day = 0};
	reopen(&f);
	assert_int_equal(tally_save(f.t, TALLY_SAVE_RUNNING), ERR_AGAIN);
	assert_true(attempt(&f, 1, f.games, "game.example", 20));
	assert_int_equal(cell(&f, f.games)->attempts, 1);
	reopen(&f);
	assert_int_equal(cell(&f, f.games)->attempts, 1);
	assert_int_equal(tally_begin_day(f.t, &known), OK);
	assert_int_equal(tally_begin_day(f.t, &known), ERR_EXISTS);
	assert_int_equal(cell(&f, f.games)->attempts, 2);
	assert_int_equal(cell(&f, f.games)->devices, 1);
	f.setup.period = known;
	reopen(&f);
	assert_int_equal(cell(&f, f.games)->attempts, 2);
	assert_int_equal(tally_day(f.t).day, 20261120);
	tear_down(&f);
}

/* Plainly, without the fsync of atomic files: it is done thousands of times. */
static void write_prefix(const char *path, const struct buf *whole, size_t len)
{
	FILE *file = fopen(path, "we");

	assert_non_null(file);
	assert_int_equal(fwrite(whole->ptr, 1, len, file), len);
	assert_int_equal(fclose(file), 0);
}

static void a_torn_run_file_heals_and_the_loss_is_counted(void **state)
{
	struct fixture f;
	struct buf whole = BUF_INIT(1 << 24);
	(void)state;

	set_up(&f);
	for (unsigned i = 0; i < 50; i++)
		assert_true(attempt(&f, i, f.games, "game.example", 0));
	assert_int_equal(tally_save(f.t, TALLY_SAVE_LAST), OK);
	tally_close(f.t);
	f.t = NULL;
	assert_int_equal(file_read(f.run, &whole), OK);
	for (size_t len = 0; len < whole.len; len += 97) {
		write_prefix(f.run, &whole, len);
		reopen(&f);
		/* The saved totals are the base then. */
		assert_int_equal(cell(&f, f.games)->attempts, 50);
		assert_true(f.totals->lost > 0);
		assert_true(f.totals->partial);
		tally_close(f.t);
		f.t = NULL;
	}
	/* Every byte of the header's fixed part, then with steps. */
	for (size_t at = 0; at < whole.len; at += at < 128 ? 1 : 37) {
		whole.ptr[at] ^= 0x41;
		write_prefix(f.run, &whole, whole.len);
		whole.ptr[at] ^= 0x41;
		reopen(&f);
		assert_true(cell(&f, f.games)->devices <= 50);
		tally_close(f.t);
		f.t = NULL;
	}
	buf_deinit(&whole);
	tear_down(&f);
}

static void a_torn_state_file_heals_from_the_one_before(void **state)
{
	struct fixture f;
	struct buf whole = BUF_INIT(1 << 20);
	(void)state;

	set_up(&f);
	assert_true(attempt(&f, 1, f.games, "game.example", 0));
	assert_int_equal(tally_save(f.t, TALLY_SAVE_RUNNING), OK);
	assert_true(attempt(&f, 2, f.games, "game.example", 0));
	assert_int_equal(tally_save(f.t, TALLY_SAVE_RUNNING), OK);
	assert_int_equal(file_read(f.state, &whole), OK);
	for (size_t len = 0; len < whole.len; len++) {
		write_prefix(f.state, &whole, len);
		tally_close(f.t);
		f.t = NULL;
		assert_int_equal(unlink(f.run), 0);
		reopen(&f);
		assert_int_equal(cell(&f, f.games)->attempts, 1);
		assert_true(f.totals->lost > 0);
	}
	buf_deinit(&whole);
	tear_down(&f);
}

static void failures_keep_first_and_last(void **state)
{
	struct fixture f;
	(void)state;

	set_up(&f);
	tally_fail(f.t, "feed-refused", DAY_START + 5);
	tally_fail(f.t, "feed-refused", DAY_START + 9);
	reopen(&f);
	tally_totals(f.t, f.totals);
	assert_int_equal(f.totals->failure_count, 1);
	assert_int_equal(f.totals->failures[0].count, 2);
	assert_int_equal(f.totals->failures[0].first_s, DAY_START + 5);
	assert_int_equal(f.totals->failures[0].last_s, DAY_START + 9);
	for (int i = 0; i < 40; i++) {
		char type[16];
		(void)snprintf(type, sizeof type, "t%d", i);
		tally_fail(f.t, type, DAY_START);
	}
	tally_totals(f.t, f.totals);
	assert_int_equal(f.totals->failure_count, TALLY_FAILURES);
	tear_down(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(repeats_within_ten_minutes_are_one_attempt),
	    cmocka_unit_test(a_repeat_that_is_read_before_its_first_is_one_attempt),
	    cmocka_unit_test(one_device_counts_at_most_twenty_times_in_a_cell),
	    cmocka_unit_test(a_device_counts_once_in_a_union_of_cells),
	    cmocka_unit_test(of_unknown_machines_the_larger_family_counts),
	    cmocka_unit_test(who_was_seen_is_known_whatever_the_tier_and_after_a_restart),
	    cmocka_unit_test(kill_minus_nine_loses_no_count),
	    cmocka_unit_test(a_device_is_not_counted_twice_across_a_restart),
	    cmocka_unit_test(a_lost_key_starts_a_segment_whose_devices_are_not_added),
	    cmocka_unit_test(no_name_is_in_the_run_file_and_none_below_the_floor_on_disk),
	    cmocka_unit_test(nothing_of_a_device_is_stored_where_run_dir_is_no_memory),
	    cmocka_unit_test(sensitive_categories_have_no_hours),
	    cmocka_unit_test(a_full_table_is_counted_and_makes_the_day_partial),
	    cmocka_unit_test(a_yesterday_left_behind_is_found_closed_and_gone),
	    cmocka_unit_test(
	        an_orderly_end_leaves_a_whole_day_and_a_power_cut_a_partial_one),
	    cmocka_unit_test(a_day_without_a_clock_becomes_the_day_it_was),
	    cmocka_unit_test(a_torn_run_file_heals_and_the_loss_is_counted),
	    cmocka_unit_test(a_torn_state_file_heals_from_the_one_before),
	    cmocka_unit_test(failures_keep_first_and_last),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
