#include <fcntl.h>

#include "conf/internal.h"
#include "school.h"

static void a_child_reads_what_was_accepted(void **state)
{
	struct school s =
	    school_open("school: {levels: [primary], name: A}\n", "server: {threads: 3}\n");
	struct config_bundle bundle = {0};
	struct diags all = DIAGS_NONE;
	struct config *c;
	char number[16], version[16];

	(void)state;
	assert_int_equal(config_bundle_read(&bundle, s.file, &all), OK);
	int fd = config_bundle_seal(&bundle);
	assert_true(fd >= 0);
	config_bundle_deinit(&bundle);
	/* Whatever becomes of the files afterwards. */
	school_write(s.file, "school: {levels: [staff]}\n");
	assert_int_equal(config_load_fd(&c, fd, &all), OK);
	assert_string_equal(c->school.name.text, "A");
	assert_int_equal(c->server.threads, 3);
	assert_string_equal(c->school.name.mark.file, s.file);
	assert_int_equal(strlen(c->version), 8);
	(void)snprintf(version, sizeof version, "%s", c->version);
	config_free(c);
	school_write(s.file, "school: {levels: [primary], name: B}\n");
	assert_int_equal(config_load(&c, s.file, &all), OK);
	assert_string_not_equal(c->version, version);
	config_free(c);

	/* Twice, and by the environment, as children do. */
	(void)snprintf(number, sizeof number, "%d", fd);
	assert_int_equal(setenv("LACHAN_CONFIG_FD", number, 1), 0);
	assert_int_equal(config_load_child(&c, "/nowhere", &all), OK);
	assert_string_equal(c->school.name.text, "A");
	assert_string_equal(c->version, version);
	config_free(c);
	assert_int_equal(unsetenv("LACHAN_CONFIG_FD"), 0);
	assert_int_equal(config_load_child(&c, NULL, &all), ERR_NOT_FOUND);
	(void)close(fd);
	diags_deinit(&all);
	school_close(&s);
}

static void a_bundle_cannot_be_changed(void **state)
{
	struct school s = school_open("school: {levels: [primary]}\n", NULL);
	struct config_bundle bundle = {0};
	struct diags all = DIAGS_NONE;

	(void)state;
	assert_int_equal(config_bundle_read(&bundle, s.file, &all), OK);
	assert_null(bundle.parts[BUNDLE_OVERRIDES].file);
	int fd = config_bundle_seal(&bundle);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, "x", 1), -1);
	assert_int_equal(ftruncate(fd, 0), -1);
	(void)close(fd);
	config_bundle_deinit(&bundle);
	diags_deinit(&all);
	school_close(&s);
}

static void every_truncation_of_a_bundle_is_refused(void **state)
{
	struct school s = school_open("school: {levels: [primary]}\n", NULL);
	struct config_bundle bundle = {0};
	struct diags all = DIAGS_NONE;
	static uint8_t bytes[1 << 20];

	(void)state;
	assert_int_equal(config_bundle_read(&bundle, s.file, &all), OK);
	int fd = config_bundle_seal(&bundle);
	ssize_t size = pread(fd, bytes, sizeof bytes, 0);
	(void)close(fd);
	assert_true(size > 1000 && (size_t)size < sizeof bytes);
	for (size_t cut = 0; cut < (size_t)size; cut += cut < 300 ? 1 : 1777) {
		struct config_bundle part = {0};
		fd = memfd_sealed("cut", (struct slice){bytes, cut});
		assert_true(fd >= 0);
		assert_int_equal(config_bundle_open(&part, fd), ERR_FORMAT);
		config_bundle_deinit(&part);
		(void)close(fd);
	}
	config_bundle_deinit(&bundle);
	diags_deinit(&all);
	school_close(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_child_reads_what_was_accepted),
	    cmocka_unit_test(a_bundle_cannot_be_changed),
	    cmocka_unit_test(every_truncation_of_a_bundle_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
