#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "filter/leases_file.h"

static const struct moment NOON = {
    .mono_ms = 5000000, .wall_s = 1795316293, .wall_trusted = true};
static const struct mac LAPTOP = {0x3c22fb010203};

static struct moment later(int64_t seconds)
{
	struct moment m = NOON;
	m.wall_s += seconds;
	m.mono_ms += (uint64_t)seconds * 1000;
	return m;
}

struct place {
	char folder[64];
	char path[96];
};

static int make_place(void **state)
{
	struct place *p = calloc(1, sizeof *p);

	(void)snprintf(p->folder, sizeof p->folder, "/tmp/lachan-leases-XXXXXX");
	if (mkdtemp(p->folder) == NULL)
		return -1;
	(void)snprintf(p->path, sizeof p->path, "%s/leases", p->folder);
	*state = p;
	return 0;
}

static int remove_place(void **state)
{
	struct place *p = *state;

	(void)unlink(p->path);
	(void)rmdir(p->folder);
	free(p);
	return 0;
}

static struct leases_file *open_at(const struct place *p, struct moment now)
{
	struct leases_file *f = NULL;

	assert_int_equal(leases_file_open(&f, p == NULL ? NULL : p->path, now), OK);
	return f;
}

static size_t count_of(const struct leases_file *f)
{
	size_t count;
	(void)leases_file_items(f, &count);
	return count;
}

static enum err add(
    struct leases_file *f, const char *address, struct mac mac, int64_t for_s)
{
	struct lease lease = {
	    .mac = mac, .made_wall_s = NOON.wall_s, .until_wall_s = NOON.wall_s + for_s};

	assert_int_equal(addr_from_text(&lease.address, slice_of(address), NULL), OK);
	return leases_file_add(f, &lease, NOON);
}

static void a_restart_keeps_what_lives(void **state)
{
	const struct place *p = *state;
	struct leases_file *f = open_at(p, NOON);
	struct stat st;
	size_t count;

	assert_int_equal(add(f, "10.1.0.7", LAPTOP, 60), OK);
	assert_int_equal(add(f, "fe80::1%lo", MAC_NONE, 600), OK);
	leases_file_close(f); /* no farewell is needed: kill -9 is the same */
	assert_int_equal(stat(p->path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	f = open_at(p, later(30));
	const struct lease *items = leases_file_items(f, &count);
	assert_int_equal(count, 2);
	assert_true(mac_equal(items[0].mac, LAPTOP));
	assert_true(items[0].until_wall_s == NOON.wall_s + 60);
	assert_true(items[0].until_mono_ms == later(60).mono_ms);
	assert_int_equal(items[1].address.family, AF_INET6);
	assert_true(items[1].address.scope_id != 0);
	assert_true(leases_file_next_end_ms(f, later(30)) == later(60).mono_ms);
	assert_true(leases_file_expire(f, later(60)));
	assert_false(leases_file_expire(f, later(60)));
	assert_int_equal(count_of(f), 1);
	leases_file_close(f);
	f = open_at(p, later(61));
	assert_int_equal(count_of(f), 1);
	leases_file_close(f);
}

static void a_clock_put_back_makes_none_longer_over_a_restart(void **state)
{
	const struct place *p = *state;
	struct leases_file *f = open_at(p, NOON);
	struct moment back = later(50);
	size_t count;

	assert_int_equal(add(f, "10.1.0.7", LAPTOP, 60), OK);
	leases_file_close(f);
	back.wall_s -= 3600;
	f = open_at(p, back);
	assert_true(leases_file_items(f, &count)[0].until_mono_ms == later(60).mono_ms);
	leases_file_close(f);
	/* Another machine's clock, or after a reboot: never longer than it was given for. */
	back.mono_ms = 1000;
	f = open_at(p, back);
	assert_true(leases_file_items(f, &count)[0].until_mono_ms == 1000 + 60 * 1000);
	leases_file_close(f);
}

static void one_device_has_one(void **state)
{
	const struct place *p = *state;
	struct leases_file *f = open_at(p, NOON);
	struct addr six, four;
	size_t count;

	assert_int_equal(add(f, "10.1.0.7", LAPTOP, 60), OK);
	assert_int_equal(add(f, "10.1.0.7", LAPTOP, 600), OK);
	assert_int_equal(add(f, "10.1.0.8", MAC_NONE, 600), OK);
	assert_int_equal(count_of(f), 2);
	assert_true(leases_file_items(f, &count)[0].until_wall_s == NOON.wall_s + 600);
	assert_int_equal(addr_from_text(&six, slice_of("2001:db8::1"), NULL), OK);
	assert_true(leases_file_end(f, &six, LAPTOP));
	assert_false(leases_file_end(f, &six, LAPTOP));
	assert_int_equal(addr_from_text(&four, slice_of("10.1.0.8"), NULL), OK);
	assert_true(leases_file_end(f, &four, MAC_NONE));
	/* None left: no file. */
	assert_int_equal(access(p->path, F_OK), -1);
	leases_file_close(f);
}

static void a_torn_or_forged_file_counts_for_nothing(void **state)
{
	const struct place *p = *state;
	struct leases_file *f = open_at(p, NOON);
	struct buf whole = BUF_INIT(1 << 16);

	assert_int_equal(add(f, "10.1.0.7", LAPTOP, 60), OK);
	assert_int_equal(add(f, "10.1.0.8", MAC_NONE, 600), OK);
	leases_file_close(f);
	assert_int_equal(file_read(p->path, &whole), OK);
	for (size_t cut = 0; cut < whole.len; cut++) {
		struct slice part = {whole.ptr, cut};
		assert_int_equal(file_write_atomic(p->path, part, 0600), OK);
		f = open_at(p, NOON);
		assert_int_equal(count_of(f), 0);
		assert_true(leases_file_damaged(f));
		assert_int_equal(access(p->path, F_OK), -1);
		leases_file_close(f);
	}
	for (size_t at = 0; at < whole.len; at++) {
		whole.ptr[at] ^= 0x10;
		assert_int_equal(file_write_atomic(p->path, buf_slice(&whole), 0600), OK);
		whole.ptr[at] ^= 0x10;
		f = open_at(p, NOON);
		assert_int_equal(count_of(f), 0);
		leases_file_close(f);
	}
	buf_deinit(&whole);
}

static void it_is_bounded(void **state)
{
	(void)state;
	struct leases_file *f = open_at(NULL, NOON);
	char address[32];

	assert_false(leases_file_is_kept(f));
	for (unsigned i = 0; i < LEASES_MAX; i++) {
		(void)snprintf(address, sizeof address, "10.%u.%u.9", i / 200, i % 200);
		assert_int_equal(add(f, address, MAC_NONE, 60), OK);
	}
	assert_int_equal(add(f, "10.9.9.9", MAC_NONE, 60), ERR_FULL);
	/* One that is there already is given more time. */
	assert_int_equal(add(f, address, MAC_NONE, 600), OK);
	assert_int_equal(count_of(f), LEASES_MAX);
	leases_file_close(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(
	        a_restart_keeps_what_lives, make_place, remove_place),
	    cmocka_unit_test_setup_teardown(
	        a_clock_put_back_makes_none_longer_over_a_restart, make_place,
	        remove_place),
	    cmocka_unit_test_setup_teardown(one_device_has_one, make_place, remove_place),
	    cmocka_unit_test_setup_teardown(
	        a_torn_or_forged_file_counts_for_nothing, make_place, remove_place),
	    cmocka_unit_test(it_is_bounded),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
