#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "ruledb/internal.h"
#include "unit/ruledb/fixture.h"

#define END             \
	{               \
		NULL, 0 \
	}
#define RULES(...) ((const struct fixture_rule[]){__VA_ARGS__, END})

static void add_specials(struct ruledb_builder *b)
{
	static const uint8_t address[] = {192, 0, 2, 1};
	struct rule_terms types = {.type_count = 1, .types = {28}};
	struct rule_terms data = {
	    .action = RULE_RECORD, .data_type = 1, .data = {address, 4}};
	struct rule_terms networks[] = {{.network = fixture_network("10.0.0.0/8")},
	    {.network = fixture_network("2001:db8::/32")}};

	fixture_feed(b, "s", "games", RULES({"a.vn", 0}));
	fixture_special(b, "a.vn", RULE_EXCEPTION, &types);
	fixture_special(b, "a.vn", RULE_IMPORTANT, &types);
	fixture_special(b, "z.vn", RULE_BELOW, &data);
	fixture_pattern(b, "casino", 0);
	fixture_pattern(b, "^ads[0-9]", RULE_EXCEPTION);
	fixture_special(b, NULL, 0, &networks[0]);
	fixture_special(b, NULL, RULE_EXCEPTION, &networks[1]);
}

static uint8_t *small_image(size_t *size)
{
	struct ruledb_builder *b = fixture_builder();
	fixture_feed(b, "f", "adult", RULES({"a.vn", 0}, {"b.vn", 1}, {"c.vn", 4}));
	assert_int_equal(ruledb_builder_refused(b, "why", 1), OK);
	fixture_feed(b, "g", "games", RULES({"a.vn", 0}, {"d.vn", 2}));
	fixture_feed(b, "h", "allow", RULES({"e.vn", 0}));
	add_specials(b);
	return fixture_image(b, size);
}

static void a_written_image_passes(void **state)
{
	(void)state;
	size_t size;
	uint8_t *image = small_image(&size);
	struct ruledb *db;
	struct diag why;

	assert_int_equal(ruledb_verify((struct slice){image, size}, &why), OK);
	assert_int_equal(ruledb_from_bytes(&db, (struct slice){image, size}, &why), OK);
	assert_int_equal(ruledb_bytes(db).len, size);
	ruledb_close(db);
	free(image);
}

static void any_changed_bit_is_found(void **state)
{
	(void)state;
	size_t size;
	uint8_t *image = small_image(&size);
	struct diag why;

	for (size_t i = 0; i < size * 8; i++) {
		image[i / 8] ^= (uint8_t)(1u << i % 8);
		assert_int_equal(
		    ruledb_verify((struct slice){image, size}, &why), ERR_FORMAT);
		image[i / 8] ^= (uint8_t)(1u << i % 8);
	}
	assert_int_equal(ruledb_verify((struct slice){image, size}, &why), OK);
	free(image);
}

static void a_truncated_or_longer_image_is_refused(void **state)
{
	(void)state;
	size_t size;
	uint8_t *image = small_image(&size);
	uint8_t *longer = calloc(1, size + 8);
	struct diag why;

	assert_non_null(longer);
	memcpy(longer, image, size);
	for (size_t len = 0; len < size; len++)
		assert_int_equal(
		    ruledb_verify((struct slice){image, len}, &why), ERR_FORMAT);
	assert_int_equal(ruledb_verify((struct slice){longer, size + 8}, &why), ERR_FORMAT);
	free(longer);
	free(image);
}

/* Behind a right checksum too: what passes must be safe to read. */
static void every_changed_byte_with_a_right_checksum_is_refused_or_harmless(void **state)
{
	(void)state;
	size_t size;
	uint8_t *image = small_image(&size);
	struct slice bytes = {image, size};
	unsigned refused = 0;

	for (size_t i = FORMAT_CHECKED_FROM; i < size; i++) {
		static const uint8_t changes[] = {0x01, 0x80, 0xff};
		for (size_t k = 0; k < sizeof changes; k++) {
			struct ruledb *db;
			image[i] ^= changes[k];
			le64_store(image + HEADER_AT_CHECKSUM, image_checksum(bytes));
			if (ruledb_from_bytes(&db, bytes, NULL) == OK) {
				struct listing listing;
				fixture_match(db, "x.a.vn", &listing);
				fixture_match(db, "e.vn", &listing);
				fixture_match(db, "casino.z.vn", &listing);
				fixture_match_address(db, "10.0.0.1", "a.vn", &listing);
				fixture_match_address(db, "2001:db8::1", "z.vn", &listing);
				ruledb_close(db);
			} else {
				refused++;
			}
			image[i] ^= changes[k];
		}
	}
	assert_true(refused > 300);
	free(image);
}

static void a_file_of_another_format_is_refused_in_words(void **state)
{
	(void)state;
	size_t size;
	uint8_t *image = small_image(&size);
	struct diag why;

	le32_store(image + HEADER_AT_VERSION, 1);
	assert_int_equal(ruledb_verify((struct slice){image, size}, &why), ERR_FORMAT);
	assert_string_equal(why.text,
	    "this rule database is of format 1 and this program reads format 2: it must be "
	    "compiled again");
	/* an old and empty file is shorter than the new header */
	assert_int_equal(ruledb_verify((struct slice){image, 200}, &why), ERR_FORMAT);
	assert_non_null(strstr(why.text, "format 1"));
	free(image);
}

static void a_missing_file_is_told_apart(void **state)
{
	(void)state;
	struct ruledb *db = NULL;
	struct diag why;

	assert_int_equal(ruledb_open(&db, "/nonexistent/rules.db", &why), ERR_NOT_FOUND);
	assert_int_equal(ruledb_open(&db, "/dev/null", &why), ERR_FORMAT);
	assert_null(db);
}

static void a_copy_does_not_see_what_becomes_of_its_file(void **state)
{
	(void)state;
	size_t size;
	uint8_t *image = small_image(&size);
	FILE *file = tmpfile();
	struct name_hashes hashes;
	struct ruledb *db;
	struct diag why = {0};

	assert_non_null(file);
	assert_int_equal(fwrite(image, 1, size, file), size);
	assert_int_equal(fflush(file), 0);
	assert_int_equal(ruledb_copy_fd(&db, fileno(file), &why), OK);
	assert_int_equal(ftruncate(fileno(file), 0), 0);
	fixture_hashes(db, "a.vn", &hashes);
	assert_true(ruledb_has(db, &hashes));
	assert_memory_equal(ruledb_bytes(db).ptr, image, size);
	ruledb_close(db);

	assert_int_equal(ruledb_copy_fd(&db, fileno(file), &why), ERR_FORMAT);
	(void)fclose(file);
	free(image);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_written_image_passes),
	    cmocka_unit_test(any_changed_bit_is_found),
	    cmocka_unit_test(a_truncated_or_longer_image_is_refused),
	    cmocka_unit_test(
	        every_changed_byte_with_a_right_checksum_is_refused_or_harmless),
	    cmocka_unit_test(a_file_of_another_format_is_refused_in_words),
	    cmocka_unit_test(a_copy_does_not_see_what_becomes_of_its_file),
	    cmocka_unit_test(a_missing_file_is_told_apart),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
