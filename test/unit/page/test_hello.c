/* The first octets of a TLS client: the name it asks for, and what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/attr.h"
#include "page/hello.h"

enum {
	ROOM = 20000
};

/* A ClientHello as it travels, and ways to spoil it. */
struct made {
	struct writer out;
	uint8_t storage[ROOM];
};

static void put_u8(struct writer *w, size_t v)
{
	uint8_t octet = (uint8_t)v;
	writer_bytes(w, (struct slice){&octet, 1});
}

static void put_u16(struct writer *w, size_t v)
{
	put_u8(w, v >> 8);
	put_u8(w, v & 0xff);
}

static void put_zeros(struct writer *w, size_t n)
{
	for (size_t i = 0; i < n; i++)
		put_u8(w, 0);
}

static void put_server_name(struct writer *w, const char *name)
{
	size_t len = strlen(name);

	put_u16(w, 0);
	put_u16(w, len + 5);
	put_u16(w, len + 3);
	put_u8(w, 0);
	put_u16(w, len);
	writer_bytes(w, slice_of(name));
}

/* `extensions` as they stand in the message; `padding` octets of another one before. */
static void put_message(struct writer *w, struct slice extensions, size_t padding)
{
	size_t inner = extensions.len + (padding > 0 ? padding + 4 : 0);
	size_t len = 2 + 32 + 1 + 2 + 2 + 1 + 1 + 2 + inner;

	put_u8(w, 1);
	put_u8(w, 0);
	put_u16(w, len);
	put_u16(w, 0x0303);
	put_zeros(w, 32);
	put_u8(w, 0);
	put_u16(w, 2);
	put_u16(w, 0x1301);
	put_u8(w, 1);
	put_u8(w, 0);
	put_u16(w, inner);
	if (padding > 0) {
		put_u16(w, 21);
		put_u16(w, padding);
		put_zeros(w, padding);
	}
	writer_bytes(w, extensions);
}

/* In records of at most `piece` octets. */
static struct slice make(
    struct made *m, struct slice extensions, size_t padding, size_t piece)
{
	static uint8_t storage[ROOM];
	struct writer message = writer_over(storage, sizeof storage);

	put_message(&message, extensions, padding);
	m->out = writer_over(m->storage, sizeof m->storage);
	for (size_t at = 0; at < message.len; at += piece) {
		size_t len = message.len - at < piece ? message.len - at : piece;
		put_u8(&m->out, 22);
		put_u16(&m->out, 0x0301);
		put_u16(&m->out, len);
		writer_bytes(&m->out, (struct slice){storage + at, len});
	}
	assert_false(m->out.bad || message.bad);
	return writer_slice(&m->out);
}

static struct slice make_for(struct made *m, const char *name)
{
	uint8_t storage[512];
	struct writer extensions = writer_over(storage, sizeof storage);

	put_server_name(&extensions, name);
	return make(m, writer_slice(&extensions), 0, ROOM);
}

static enum err find(struct slice bytes, char text[NAME_TEXT_MAX], size_t *want)
{
	struct name_buf name = {.len = 0};
	enum err rc = hello_find_name(bytes, &name, want);

	text[0] = 0;
	if (name.len > 0)
		name_to_text(text, name_of(&name));
	return rc;
}

static void the_name_is_found_in_lower_case(void **state)
{
	struct made m;
	char text[NAME_TEXT_MAX];
	size_t want = 0;

	(void)state;
	assert_int_equal(find(make_for(&m, "Bad.Example.VN"), text, &want), OK);
	assert_string_equal(text, "bad.example.vn");
	assert_int_equal(want, 0);
}

static void a_hello_without_a_name_is_sound(void **state)
{
	struct made m;
	char text[NAME_TEXT_MAX];
	size_t want = 0;

	(void)state;
	assert_int_equal(find(make(&m, SLICE_EMPTY, 0, ROOM), text, &want), OK);
	assert_string_equal(text, "");
	assert_int_equal(find(make(&m, SLICE_EMPTY, 300, ROOM), text, &want), OK);
	assert_string_equal(text, "");
}

/* Each length asked for is one more look at most, and the last is the whole. */
static void a_hello_in_pieces_is_waited_for(void **state)
{
	static const size_t pieces[] = {1, 3, 4, 5, 60, ROOM};
	struct made m;
	char text[NAME_TEXT_MAX];
	uint8_t storage[64];

	(void)state;
	for (size_t p = 0; p < COUNT_OF(pieces); p++) {
		struct writer extensions = writer_over(storage, sizeof storage);
		put_server_name(&extensions, "a.vn");
		struct slice all = make(&m, writer_slice(&extensions), 100, pieces[p]);
		for (size_t have = 0; have < all.len; have++) {
			size_t want = 0;
			struct slice part = {all.ptr, have};
			assert_int_equal(find(part, text, &want), ERR_AGAIN);
			assert_true(want > have && want <= all.len);
			assert_string_equal(text, "");
		}
		size_t want = 0;
		assert_int_equal(find(all, text, &want), OK);
		assert_string_equal(text, "a.vn");
	}
}

static void names_that_dns_could_not_answer_are_refused(void **state)
{
	static const char *const names[] = {"", ".", "a.vn.", "a..vn", ".vn", "a b.vn",
	    "a\\.vn", "a/vn", "a.vn\r\n", "a:443",
	    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.vn",
	    "tr\xc6\xb0\xe1\xbb\x9dng.vn"};
	struct made m;
	char text[NAME_TEXT_MAX];
	size_t want = 0;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(names); i++) {
		assert_int_equal(find(make_for(&m, names[i]), text, &want), ERR_FORMAT);
		assert_string_equal(text, "");
	}
}

static void two_lists_of_names_are_refused(void **state)
{
	struct made m;
	char text[NAME_TEXT_MAX];
	uint8_t storage[64];
	struct writer extensions = writer_over(storage, sizeof storage);
	size_t want = 0;

	(void)state;
	put_server_name(&extensions, "a.vn");
	put_server_name(&extensions, "a.vn");
	assert_int_equal(
	    find(make(&m, writer_slice(&extensions), 0, ROOM), text, &want), ERR_FORMAT);
}

static void two_names_in_one_list_are_refused(void **state)
{
	static const uint8_t two[] = {
	    0, 0, 0, 12, 0, 10, 0, 0, 2, 'v', 'n', 0, 0, 2, 'v', 'n'};
	struct made m;
	char text[NAME_TEXT_MAX];
	size_t want = 0;

	(void)state;
	assert_int_equal(
	    find(make(&m, (struct slice){two, sizeof two}, 0, ROOM), text, &want),
	    ERR_FORMAT);
}

static void what_is_no_hello_is_refused_by_its_first_octets(void **state)
{
	char text[NAME_TEXT_MAX];
	size_t want = 0;

	(void)state;
	assert_int_equal(find(SLICE_LIT("G"), text, &want), ERR_FORMAT);
	assert_int_equal(find(SLICE_LIT("\x15"), text, &want), ERR_FORMAT);
	assert_int_equal(find(SLICE_LIT("\x16\x02"), text, &want), ERR_FORMAT);
	assert_int_equal(find(SLICE_LIT("\x16\x03\x01\x00\x00"), text, &want), ERR_FORMAT);
	assert_int_equal(
	    find(SLICE_LIT("\x16\x03\x01\x00\x01\x02"), text, &want), ERR_FORMAT);
}

static void octets_behind_the_hello_are_refused_in_its_record_alone(void **state)
{
	struct made m;
	char text[NAME_TEXT_MAX];
	size_t want = 0;

	(void)state;
	struct slice all = make_for(&m, "a.vn");
	/* A record behind it belongs to what comes later. */
	m.storage[all.len] = 20;
	assert_int_equal(find((struct slice){all.ptr, all.len + 1}, text, &want), OK);
	/* One octet more in the record is nobody's. */
	m.storage[4]++;
	m.storage[all.len] = 0;
	assert_int_equal(
	    find((struct slice){all.ptr, all.len + 1}, text, &want), ERR_FORMAT);
}

static void a_hello_longer_than_any_browsers_is_refused(void **state)
{
	struct made m;
	char text[NAME_TEXT_MAX];
	size_t want = 0;

	(void)state;
	struct slice all = make(&m, SLICE_EMPTY, HELLO_MAX_BYTES, ROOM);
	assert_int_equal(find((struct slice){all.ptr, 9}, text, &want), ERR_RANGE);
	/* Told as soon as the message's own length is there, however small the records. */
	all = make(&m, SLICE_EMPTY, HELLO_MAX_BYTES, 64);
	assert_int_equal(find((struct slice){all.ptr, 69}, text, &want), ERR_RANGE);
	assert_int_equal(want, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_name_is_found_in_lower_case),
	    cmocka_unit_test(a_hello_without_a_name_is_sound),
	    cmocka_unit_test(a_hello_in_pieces_is_waited_for),
	    cmocka_unit_test(names_that_dns_could_not_answer_are_refused),
	    cmocka_unit_test(two_lists_of_names_are_refused),
	    cmocka_unit_test(two_names_in_one_list_are_refused),
	    cmocka_unit_test(what_is_no_hello_is_refused_by_its_first_octets),
	    cmocka_unit_test(octets_behind_the_hello_are_refused_in_its_record_alone),
	    cmocka_unit_test(a_hello_longer_than_any_browsers_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
