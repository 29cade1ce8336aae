#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
/* cmocka wants the headers above. */
#include <cmocka.h>

#include "packets.h"

static const struct hash_key key = {11, 22};

static void reads_as(const char *text, const char *expected)
{
	struct name_buf name;
	char printed[NAME_TEXT_MAX];
	assert_int_equal(name_from_text(&name, slice_of(text), NULL), OK);
	name_to_text(printed, name_of(&name));
	assert_string_equal(printed, expected);
}

static void is_refused(const char *text, enum err expected)
{
	struct name_buf name = {.len = 77};
	struct diag why = {.text = ""};
	assert_int_equal(name_from_text(&name, slice_of(text), &why), expected);
	assert_int_equal(name.len, 77);
	assert_true(why.text[0] != '\0');
}

static void text_becomes_lower_case_without_a_final_dot(void **state)
{
	(void)state;
	reads_as("Truong.VN", "truong.vn");
	reads_as("_dmarc.truong-1.vn.", "_dmarc.truong-1.vn");
	reads_as(".", ".");
}

static void escapes_stand_for_any_octet(void **state)
{
	(void)state;
	reads_as("a\\.b.vn", "a\\046b.vn");
	reads_as("\\065\\000\\255.vn", "a\\000\\255.vn");
	reads_as("\\\\.vn", "\\092.vn");
	is_refused("a\\256.vn", ERR_FORMAT);
	is_refused("a\\25", ERR_FORMAT);
	is_refused("a\\", ERR_FORMAT);
}

static void malformed_text_is_refused(void **state)
{
	(void)state;
	is_refused("", ERR_FORMAT);
	is_refused("a..vn", ERR_FORMAT);
	is_refused(".vn", ERR_FORMAT);
	is_refused("..", ERR_FORMAT);
	is_refused("a b.vn", ERR_FORMAT);
	is_refused("tr\xc6\xb0\xe1\xbb\x9dng.vn", ERR_FORMAT);
}

static void lengths_end_at_63_and_255(void **state)
{
	(void)state;
	char text[400];
	struct name_buf name;
	memset(text, 'a', sizeof text);
	assert_int_equal(
	    name_from_text(&name, (struct slice){(uint8_t *)text, 63}, NULL), OK);
	assert_int_equal(name.len, 65);
	assert_int_equal(
	    name_from_text(&name, (struct slice){(uint8_t *)text, 64}, NULL), ERR_RANGE);
	/* 3 x 64 + 62 + the root = 255. */
	text[63] = text[127] = text[191] = '.';
	assert_int_equal(
	    name_from_text(&name, (struct slice){(uint8_t *)text, 253}, NULL), OK);
	assert_int_equal(name.len, 255);
	assert_int_equal(
	    name_from_text(&name, (struct slice){(uint8_t *)text, 254}, NULL), ERR_RANGE);
}

static void the_longest_text_fits(void **state)
{
	(void)state;
	struct name_buf name = {.len = 255};
	char text[NAME_TEXT_MAX];
	memset(name.wire, 0xff, sizeof name.wire);
	name.wire[0] = name.wire[64] = name.wire[128] = 63;
	name.wire[192] = 61;
	name.wire[254] = 0;
	name_to_text(text, name_of(&name));
	assert_int_equal(strlen(text), 4 * 250 + 3);
}

/* ---- wire ---- */

static void compressed_names_are_put_together(void **state)
{
	(void)state;
	static const uint8_t packet[] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, /* header */
	    2, 'V', 'N', 0,                                                  /* 12 */
	    3, 'T', 'h', 'P', 0xc0, 12,                                      /* 16 */
	    1, 'a', 0xc0, 16, 9};                                            /* 22 */
	struct name_buf name;
	struct name_buf expected = name_made("a.thp.vn");
	size_t end;
	assert_true(
	    name_parse_wire(&name, (struct slice){packet, sizeof packet}, 22, &end));
	assert_true(name_equal(name_of(&name), name_of(&expected)));
	assert_int_equal(end, 26);
}

static void wire_is_bad(const uint8_t *tail, size_t len)
{
	uint8_t *packet = calloc(1, 12 + len); /* exact, for ASan */
	struct name_buf name = {.len = 9};
	size_t end = 1;
	assert_non_null(packet);
	memcpy(packet + 12, tail, len);
	assert_false(name_parse_wire(&name, (struct slice){packet, 12 + len}, 12, &end));
	assert_int_equal(end, 1);
	assert_int_equal(name.len, 9);
	free(packet);
}

static void pointers_never_lead_forward_or_in_circles(void **state)
{
	(void)state;
	wire_is_bad((const uint8_t[]){0xc0, 12}, 2);            /* itself */
	wire_is_bad((const uint8_t[]){0xc0, 14, 1, 'a', 0}, 5); /* forward */
	wire_is_bad((const uint8_t[]){1, 'a', 0xc0, 12}, 4);    /* its own label */
	wire_is_bad((const uint8_t[]){0xc0, 0}, 2);             /* the header */
	wire_is_bad((const uint8_t[]){0xff, 0xff}, 2);          /* outside */
}

static void labels_stay_inside_the_packet(void **state)
{
	(void)state;
	wire_is_bad((const uint8_t[]){3, 'a', 'b'}, 3);
	wire_is_bad((const uint8_t[]){1, 'a'}, 2);
	wire_is_bad((const uint8_t[]){0xc0}, 1);
	wire_is_bad((const uint8_t[]){0x40, 0}, 2); /* extended label types */
	wire_is_bad((const uint8_t[]){0x80, 0}, 2);
	wire_is_bad((const uint8_t[]){0}, 0);
}

static void a_name_on_the_wire_has_at_most_255_octets(void **state)
{
	(void)state;
	uint8_t tail[300] = {0};
	for (size_t i = 0; i < 256; i += 2)
		tail[i] = 1;
	wire_is_bad(tail, 257);
	tail[254] = 0; /* 127 labels and the root: 255 */
	uint8_t packet[12 + 255] = {0};
	memcpy(packet + 12, tail, 255);
	struct name_buf name;
	size_t end;
	assert_true(
	    name_parse_wire(&name, (struct slice){packet, sizeof packet}, 12, &end));
	assert_int_equal(name_label_count(name_of(&name)), NAME_LABELS_MAX);
}

static void hops_are_counted(void **state)
{
	(void)state;
	/* A root, then pointers each leading to the one before. */
	uint8_t packet[13 + 2 * 200] = {0};
	for (size_t i = 0; i < 200; i++)
		store_u16(
		    packet + 13 + 2 * i, (uint16_t)(0xc000 | (i == 0 ? 12 : 11 + 2 * i)));
	struct slice all = {packet, sizeof packet};
	struct name_buf name;
	size_t end;
	assert_true(name_parse_wire(&name, all, 13 + 2 * 126, &end));
	assert_false(name_parse_wire(&name, all, 13 + 2 * 127, &end));
}

/* ---- ancestry ---- */

static bool at_or_below(const char *name, const char *ancestor)
{
	struct name_buf a = name_made(name);
	struct name_buf b = name_made(ancestor);
	return name_is_at_or_below(name_of(&a), name_of(&b));
}

static void ancestry_ends_at_label_borders(void **state)
{
	(void)state;
	assert_true(at_or_below("a.b.vn", "b.vn"));
	assert_true(at_or_below("b.vn", "b.vn"));
	assert_true(at_or_below("b.vn", "."));
	assert_false(at_or_below("ab.vn", "b.vn"));
	assert_false(at_or_below("vn", "b.vn"));
	/* "\002vn" inside a label looks like the name "vn" on the wire. */
	assert_false(at_or_below("x\\002vn", "vn"));
}

static void parents_end_at_the_root(void **state)
{
	(void)state;
	struct name_buf name = name_made("a.vn");
	struct name_buf vn = name_made("vn");
	struct dname parent = name_parent(name_of(&name));
	assert_true(name_equal(parent, name_of(&vn)));
	parent = name_parent(parent);
	assert_int_equal(parent.len, 1);
	assert_int_equal(name_parent(parent).len, 1);
	assert_int_equal(name_label_count(parent), 0);
}

/* ---- hashes ---- */

static void a_suffix_hashes_like_the_name_itself(void **state)
{
	(void)state;
	struct name_buf name = name_made("a-quite-long-label-of-29-octets.thcs.truong.vn");
	struct name_hashes all;
	name_hash_all(&all, name_of(&name), key);
	assert_int_equal(all.count, 4);
	for (size_t i = 0; i < all.count; i++) {
		struct name_buf alone;
		name_copy(&alone, name_suffix(&all, name_of(&name), i));
		assert_int_equal(name_label_count(name_of(&alone)), i + 1);
		assert_true(all.at[i] == name_hash(name_of(&alone), key));
	}
}

static void the_hash_is_the_same_on_every_machine(void **state)
{
	(void)state;
	struct name_buf name = name_made("www.truong.vn");
	struct name_buf root = name_made(".");
	assert_true(name_hash(name_of(&name), key) == UINT64_C(0x0060d7890e0a12c0));
	assert_true(name_hash(name_of(&root), key) == hash_mix64(key.k0));
}

static void other_keys_give_other_hashes(void **state)
{
	(void)state;
	struct name_buf name = name_made("truong.vn");
	uint64_t hash = name_hash(name_of(&name), key);
	assert_true(hash != name_hash(name_of(&name), (struct hash_key){12, 22}));
	assert_true(hash != name_hash(name_of(&name), (struct hash_key){11, 23}));
}

static int compare_u64(const void *a, const void *b)
{
	uint64_t x, y;
	memcpy(&x, a, sizeof x);
	memcpy(&y, b, sizeof y);
	return x < y ? -1 : x > y;
}

/* Names that differ little must not meet, and each bit must be set about half the time. */
static void hashes_of_similar_names_spread(void **state)
{
	(void)state;
	enum {
		COUNT = 20000
	};
	uint64_t *hashes = calloc(COUNT, sizeof *hashes);
	unsigned ones[64] = {0};
	assert_non_null(hashes);
	for (unsigned i = 0; i < COUNT; i++) {
		char text[64];
		(void)snprintf(text, sizeof text, i % 2 ? "n%u.vn" : "n.%u.vn", i);
		struct name_buf name = name_made(text);
		hashes[i] = name_hash(name_of(&name), key);
		for (unsigned bit = 0; bit < 64; bit++)
			ones[bit] += (unsigned)(hashes[i] >> bit) & 1;
	}
	for (unsigned bit = 0; bit < 64; bit++)
		assert_in_range(ones[bit], COUNT / 2 - 500, COUNT / 2 + 500);
	qsort(hashes, COUNT, sizeof *hashes, compare_u64);
	for (unsigned i = 1; i < COUNT; i++)
		assert_true(hashes[i] != hashes[i - 1]);
	free(hashes);
}

static void label_borders_count_in_the_hash(void **state)
{
	(void)state;
	struct name_buf one = name_made("ab.c");
	struct name_buf two = name_made("a.bc");
	struct name_buf zero = name_made("a\\000");
	struct name_buf bare = name_made("a");
	assert_true(name_hash(name_of(&one), key) != name_hash(name_of(&two), key));
	assert_true(name_hash(name_of(&zero), key) != name_hash(name_of(&bare), key));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(text_becomes_lower_case_without_a_final_dot),
	    cmocka_unit_test(escapes_stand_for_any_octet),
	    cmocka_unit_test(malformed_text_is_refused),
	    cmocka_unit_test(lengths_end_at_63_and_255),
	    cmocka_unit_test(the_longest_text_fits),
	    cmocka_unit_test(compressed_names_are_put_together),
	    cmocka_unit_test(pointers_never_lead_forward_or_in_circles),
	    cmocka_unit_test(labels_stay_inside_the_packet),
	    cmocka_unit_test(a_name_on_the_wire_has_at_most_255_octets),
	    cmocka_unit_test(hops_are_counted),
	    cmocka_unit_test(ancestry_ends_at_label_borders),
	    cmocka_unit_test(parents_end_at_the_root),
	    cmocka_unit_test(a_suffix_hashes_like_the_name_itself),
	    cmocka_unit_test(the_hash_is_the_same_on_every_machine),
	    cmocka_unit_test(other_keys_give_other_hashes),
	    cmocka_unit_test(hashes_of_similar_names_spread),
	    cmocka_unit_test(label_borders_count_in_the_hash),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
