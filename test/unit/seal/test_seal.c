/* Sealing: who can open, who cannot, and that no altered byte goes unseen. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "seal/internal.h"
#include "seal/seal.h"

/* Cheap: the tests are about what is bound to what, not about the price. */
static const struct seal_cost CHEAP = {.log_n = 1, .r = 1, .p = 1};
static const char WORDS[] = "Em b\u1ecb b\u1eaft n\u1ea1t.";

struct person {
	struct seal_secret secret;
	struct seal_public public;
};

static struct person person_of(uint8_t seed)
{
	struct person p;
	uint8_t random[SEAL_KEY_BYTES];

	memset(random, seed, sizeof random);
	assert_int_equal(seal_pair_make(&p.secret, &p.public, random), OK);
	return p;
}

/* Message key A0…, then A1… for the first recipient, and so on. */
static void random_fill(uint8_t *out, size_t keys)
{
	for (size_t i = 0; i < keys; i++)
		memset(out + i * SEAL_KEY_BYTES, (int)(0xA0 + i), SEAL_KEY_BYTES);
}

static enum err seal_for(struct buf *out, const struct seal_public *to, size_t count,
    struct slice context, struct slice text)
{
	uint8_t random[SEAL_RANDOM_BYTES(SEAL_RECIPIENTS_MAX)];

	random_fill(random, SEAL_RECIPIENTS_MAX + 1);
	struct seal_request request = {.purpose = SEAL_REPORT,
	    .context = context,
	    .text = text,
	    .to = to,
	    .to_count = count,
	    .random = random};
	return seal_message(out, &request);
}

static enum err open_as(struct seal_text *out, struct slice sealed,
    const struct person *who, const char *context)
{
	struct seal_opener opener = {
	    .purpose = SEAL_REPORT, .context = slice_of(context), .secret = &who->secret};
	return seal_open(out, sealed, &opener);
}

struct two {
	struct person lan;
	struct person minh;
	struct person hoa; /* nobody sealed to her */
	struct buf sealed;
	struct seal_text *text;
};

static void set_up(struct two *t)
{
	*t = (struct two){.lan = person_of(1),
	    .minh = person_of(2),
	    .hoa = person_of(3),
	    .sealed = BUF_INIT(SEAL_FILE_MAX),
	    .text = calloc(1, sizeof *t->text)};
	assert_non_null(t->text);
	struct seal_public to[] = {t->lan.public, t->minh.public};
	assert_int_equal(
	    seal_for(&t->sealed, to, 2, SLICE_LIT("case 7"), slice_of(WORDS)), OK);
}

static void tear_down(struct two *t)
{
	buf_deinit(&t->sealed);
	free(t->text);
}

static void assert_reads(const struct two *t, struct slice sealed, const struct person *who)
{
	assert_int_equal(open_as(t->text, sealed, who, "case 7"), OK);
	assert_true(
	    slice_equal((struct slice){t->text->bytes, t->text->len}, slice_of(WORDS)));
}

static void every_recipient_reads_it_and_nobody_else(void **state)
{
	(void)state;
	struct two t;
	set_up(&t);

	assert_reads(&t, buf_slice(&t.sealed), &t.lan);
	assert_reads(&t, buf_slice(&t.sealed), &t.minh);
	assert_int_equal(
	    open_as(t.text, buf_slice(&t.sealed), &t.hoa, "case 7"), ERR_NOT_FOUND);
	assert_int_equal(t.text->len, 0);
	tear_down(&t);
}

static void it_opens_only_where_and_for_what_it_was_sealed(void **state)
{
	(void)state;
	struct two t;
	set_up(&t);

	assert_int_equal(
	    open_as(t.text, buf_slice(&t.sealed), &t.lan, "case 8"), ERR_DENIED);
	struct seal_opener other = {
	    .purpose = SEAL_REPLY, .context = SLICE_LIT("case 7"), .secret = &t.lan.secret};
	assert_int_equal(seal_open(t.text, buf_slice(&t.sealed), &other), ERR_DENIED);
	tear_down(&t);
}

static void no_altered_byte_goes_unseen(void **state)
{
	(void)state;
	struct two t;
	set_up(&t);
	size_t minh = t.sealed.len - WRAP_BYTES;

	for (size_t i = 0; i < t.sealed.len; i++) {
		t.sealed.ptr[i] ^= 1;
		enum err rc = open_as(t.text, buf_slice(&t.sealed), &t.lan, "case 7");
		/* Minh's part is no part of what Lan opens. */
		assert_int_equal(rc == OK, i >= minh);
		t.sealed.ptr[i] ^= 1;
	}
	tear_down(&t);
}

static void a_torn_message_is_none(void **state)
{
	(void)state;
	struct two t;
	set_up(&t);

	for (size_t len = 0; len < t.sealed.len; len++) {
		struct slice torn = {t.sealed.ptr, len};
		/* Cut at a recipient's end it is whole, for those who are left. */
		if (len == t.sealed.len - WRAP_BYTES)
			assert_reads(&t, torn, &t.lan);
		else
			assert_int_equal(
			    open_as(t.text, torn, &t.lan, "case 7"), ERR_FORMAT);
	}
	tear_down(&t);
}

static void its_size_does_not_tell_the_length(void **state)
{
	(void)state;
	struct person lan = person_of(1);
	static uint8_t text[SEAL_TEXT_MAX + 1];
	static const struct {
		size_t text;
		size_t padded;
	} want[] = {{0, 4096}, {1, 4096}, {4092, 4096}, {4093, 8192}, {8188, 8192},
	    {8189, 16384}, {SEAL_TEXT_MAX, 16384}};

	memset(text, 'x', sizeof text);
	for (size_t i = 0; i < COUNT_OF(want); i++) {
		struct buf out = BUF_INIT(SEAL_FILE_MAX);
		struct seal_text back;
		assert_int_equal(seal_for(&out, &lan.public, 1, SLICE_EMPTY,
		                     (struct slice){text, want[i].text}),
		    OK);
		assert_int_equal(
		    out.len, HEADER_BYTES + want[i].padded + TAG_BYTES + WRAP_BYTES);
		assert_int_equal(open_as(&back, buf_slice(&out), &lan, ""), OK);
		assert_int_equal(back.len, want[i].text);
		buf_deinit(&out);
	}
	struct buf out = BUF_INIT(SEAL_FILE_MAX);
	assert_int_equal(
	    seal_for(&out, &lan.public, 1, SLICE_EMPTY, (struct slice){text, sizeof text}),
	    ERR_RANGE);
	buf_deinit(&out);
}

static void what_cannot_be_sealed_is_refused(void **state)
{
	(void)state;
	struct person lan = person_of(1);
	struct seal_public twice[] = {lan.public, lan.public};
	struct seal_public zero = {{0}}; /* gives every private key the same secret */
	static uint8_t long_context[257];
	struct buf out = BUF_INIT(SEAL_FILE_MAX);

	assert_int_equal(seal_for(&out, twice, 0, SLICE_EMPTY, SLICE_EMPTY), ERR_RANGE);
	assert_int_equal(seal_for(&out, twice, 2, SLICE_EMPTY, SLICE_EMPTY), ERR_RANGE);
	assert_int_equal(seal_for(&out, &zero, 1, SLICE_EMPTY, SLICE_EMPTY), ERR_RANGE);
	assert_int_equal(
	    seal_for(&out, &lan.public, 1,
	        (struct slice){long_context, sizeof long_context}, SLICE_EMPTY),
	    ERR_RANGE);
	assert_int_equal(out.len, 0);
	buf_deinit(&out);
}

static void somebody_who_reads_it_can_let_another_read(void **state)
{
	(void)state;
	struct two t;
	uint8_t random[SEAL_KEY_BYTES];
	struct buf shared = BUF_INIT(SEAL_FILE_MAX);
	set_up(&t);
	struct seal_opener lan = {.purpose = SEAL_REPORT,
	    .context = SLICE_LIT("case 7"),
	    .secret = &t.lan.secret};
	struct seal_opener hoa = lan;
	hoa.secret = &t.hoa.secret;

	memset(random, 0xB0, sizeof random);
	assert_int_equal(
	    seal_share(&shared, buf_slice(&t.sealed), &hoa, &t.hoa.public, random),
	    ERR_NOT_FOUND);
	assert_int_equal(
	    seal_share(&shared, buf_slice(&t.sealed), &lan, &t.minh.public, random),
	    ERR_EXISTS);
	assert_int_equal(
	    seal_share(&shared, buf_slice(&t.sealed), &lan, &t.hoa.public, random), OK);
	assert_reads(&t, buf_slice(&shared), &t.hoa);
	assert_reads(&t, buf_slice(&shared), &t.minh);
	assert_true(seal_same_body(buf_slice(&shared), buf_slice(&t.sealed)));
	buf_deinit(&shared);
	tear_down(&t);
}

static void who_was_taken_out_reads_it_no_more(void **state)
{
	(void)state;
	struct two t;
	uint8_t lan[SEAL_KEY_ID_BYTES];
	uint8_t minh[SEAL_KEY_ID_BYTES];
	struct buf one = BUF_INIT(SEAL_FILE_MAX);
	set_up(&t);

	assert_int_equal(seal_key_id(lan, &t.lan.public), OK);
	assert_int_equal(seal_key_id(minh, &t.minh.public), OK);
	assert_int_equal(seal_drop(&one, buf_slice(&t.sealed), lan), OK);
	assert_int_equal(one.len, t.sealed.len - WRAP_BYTES);
	assert_reads(&t, buf_slice(&one), &t.minh);
	assert_int_equal(open_as(t.text, buf_slice(&one), &t.lan, "case 7"), ERR_NOT_FOUND);
	size_t before = one.len;
	assert_int_equal(seal_drop(&one, buf_slice(&one), lan), ERR_NOT_FOUND);
	assert_int_equal(seal_drop(&one, buf_slice(&one), minh), ERR_RANGE);
	assert_int_equal(one.len, before);
	buf_deinit(&one);
	tear_down(&t);
}

static void a_body_of_another_message_is_seen(void **state)
{
	(void)state;
	struct two t;
	struct buf other = BUF_INIT(SEAL_FILE_MAX);
	set_up(&t);

	assert_int_equal(seal_for(&other, &t.lan.public, 1, SLICE_LIT("case 7"),
	                     SLICE_LIT("somebody else")),
	    OK);
	assert_false(seal_same_body(buf_slice(&other), buf_slice(&t.sealed)));
	/* The same random numbers, and so the same message key: the body tells. */
	memcpy(t.sealed.ptr + HEADER_BYTES, other.ptr + HEADER_BYTES, 100);
	assert_int_equal(
	    open_as(t.text, buf_slice(&t.sealed), &t.lan, "case 7"), ERR_DENIED);
	buf_deinit(&other);
	tear_down(&t);
}

static void it_is_sealed_to_as_many_as_fit(void **state)
{
	(void)state;
	struct seal_public to[SEAL_RECIPIENTS_MAX];
	struct buf out = BUF_INIT(SEAL_FILE_MAX);
	struct buf more = BUF_INIT(2 * SEAL_FILE_MAX);
	struct seal_text text;
	struct seal_view view;
	uint8_t random[SEAL_KEY_BYTES] = {9};

	for (size_t i = 0; i < SEAL_RECIPIENTS_MAX; i++)
		to[i] = person_of((uint8_t)(i + 1)).public;
	assert_int_equal(
	    seal_for(&out, to, COUNT_OF(to), SLICE_EMPTY, SLICE_LIT("all")), OK);
	assert_int_equal(seal_look(&view, buf_slice(&out)), OK);
	assert_int_equal(view.recipients, SEAL_RECIPIENTS_MAX);
	struct person last = person_of(SEAL_RECIPIENTS_MAX);
	assert_int_equal(open_as(&text, buf_slice(&out), &last, ""), OK);
	struct person one_more = person_of(200);
	struct seal_opener opener = {.purpose = SEAL_REPORT, .secret = &last.secret};
	assert_int_equal(
	    seal_share(&more, buf_slice(&out), &opener, &one_more.public, random),
	    ERR_RANGE);
	buf_deinit(&out);
	buf_deinit(&more);
}

static void a_key_opens_with_its_password_only(void **state)
{
	(void)state;
	struct person lan = person_of(1);
	struct person back;
	uint8_t salt[SEAL_SALT_BYTES] = {7};
	uint8_t wrapped[SEAL_WRAPPED_BYTES];
	struct slice password = SLICE_LIT("m\u1ead4-kh\u1ea9u");

	assert_int_equal(
	    seal_wrap(wrapped, &lan.secret, SLICE_EMPTY, salt, CHEAP), ERR_RANGE);
	assert_int_equal(seal_wrap(wrapped, &lan.secret, password, salt, CHEAP), OK);
	assert_int_equal(seal_unwrap(&back.secret, &back.public, wrapped, password), OK);
	assert_memory_equal(&back, &lan, sizeof back);
	assert_int_equal(
	    seal_unwrap(&back.secret, &back.public, wrapped, SLICE_LIT("wrong")),
	    ERR_DENIED);
	for (size_t i = 0; i < sizeof wrapped; i++) {
		wrapped[i] ^= 1;
		assert_int_not_equal(
		    seal_unwrap(&back.secret, &back.public, wrapped, password), OK);
		wrapped[i] ^= 1;
	}
}

static void a_cost_beyond_reason_is_not_paid(void **state)
{
	(void)state;
	uint8_t out[SEAL_KEY_BYTES];
	static const struct seal_cost beyond[] = {
	    {0, 8, 1}, {18, 8, 1}, {15, 0, 1}, {15, 17, 1}, {15, 8, 0}, {15, 8, 5}};

	for (size_t i = 0; i < COUNT_OF(beyond); i++)
		assert_int_equal(
		    seal_stretch(out, SLICE_LIT("x"), SLICE_LIT("salt"), beyond[i]),
		    ERR_RANGE);
}

/* The vector of docs/formats/seal.md, made from that page by another implementation. */
static void a_message_is_what_the_page_says(void **state)
{
	(void)state;
	static const struct {
		size_t at;
		const char *hex;
	} want[] = {
	    {0,
	        "4c435345414c0001"
	        "01000000"
	        "00100000"},
	    {COMMIT_AT, "48eff5fa897397bcf87c00d9453b403a0388b6ea1dc2e6d25900011534187d21"},
	    {HEADER_BYTES, "9cf50f15e84bda2c4bdda43b265c3b75"},
	    {HEADER_BYTES + 4096, "09dd634dcfe5dc67a1d847a5ee822792"},
	    {4160,
	        "fe1b8036a48bb7d4"
	        "c306fb0ef2bf8b7f93bad98155fa37daec74db0c4cbeda6c6f1dba9d36558252"
	        "257e450bf5b476a0cc42725cd4413ba5adedb2250889503c737f7b398d21a0a0"
	        "5e3fe79de88950feff38af17c6541f38"},
	    {4248,
	        "55b26119da4b8761"
	        "3c5c6ce2dd99e10d2c3de05d773aa15e3e6d971ed4e41389c93b4bbdda177212"
	        "6d8864b99fdf46f17e258115af9bf95fba880c5e6764cb867285767eeede173e"
	        "dbd6b2dd79e1a6ae38276339bcffefc1"},
	};
	struct two t;
	set_up(&t);

	assert_int_equal(t.sealed.len, 4336);
	for (size_t i = 0; i < COUNT_OF(want); i++) {
		uint8_t bytes[WRAP_BYTES];
		size_t size = strlen(want[i].hex) / 2;
		assert_true(size <= sizeof bytes);
		assert_true(seal_from_hex(bytes, size, want[i].hex));
		assert_memory_equal(t.sealed.ptr + want[i].at, bytes, size);
	}
	tear_down(&t);
}

static void a_wrapped_key_is_what_the_page_says(void **state)
{
	(void)state;
	struct person lan = person_of(1);
	uint8_t salt[SEAL_SALT_BYTES];
	uint8_t want[SEAL_WRAPPED_BYTES];
	uint8_t wrapped[SEAL_WRAPPED_BYTES];
	struct seal_cost cost = {.log_n = 10, .r = 8, .p = 1};

	memset(salt, 7, sizeof salt);
	assert_true(seal_from_hex(want, sizeof want,
	    "4c434b010a08010007070707070707070707070707070707"
	    "b152038b2af0d85eeee52702580a4ee5343b32463b9a73b40f6027d307ca04f8"
	    "44fc919fb4018f0280d0f824c3d31004"));
	assert_int_equal(
	    seal_wrap(wrapped, &lan.secret, SLICE_LIT("m\u1eadt kh\u1ea9u"), salt, cost),
	    OK);
	assert_memory_equal(wrapped, want, sizeof want);
}

static void hex_is_read_strictly(void **state)
{
	(void)state;
	uint8_t out[2] = {9, 9};
	char text[5];

	assert_false(seal_from_hex(out, 2, "00f"));
	assert_false(seal_from_hex(out, 2, "00ff0"));
	assert_false(seal_from_hex(out, 2, "00FF"));
	assert_int_equal(out[0], 9);
	assert_true(seal_from_hex(out, 2, "07fe"));
	seal_to_hex(text, (struct slice){out, 2});
	assert_string_equal(text, "07fe");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_recipient_reads_it_and_nobody_else),
	    cmocka_unit_test(it_opens_only_where_and_for_what_it_was_sealed),
	    cmocka_unit_test(no_altered_byte_goes_unseen),
	    cmocka_unit_test(a_torn_message_is_none),
	    cmocka_unit_test(its_size_does_not_tell_the_length),
	    cmocka_unit_test(what_cannot_be_sealed_is_refused),
	    cmocka_unit_test(somebody_who_reads_it_can_let_another_read),
	    cmocka_unit_test(who_was_taken_out_reads_it_no_more),
	    cmocka_unit_test(a_body_of_another_message_is_seen),
	    cmocka_unit_test(it_is_sealed_to_as_many_as_fit),
	    cmocka_unit_test(a_key_opens_with_its_password_only),
	    cmocka_unit_test(a_cost_beyond_reason_is_not_paid),
	    cmocka_unit_test(a_message_is_what_the_page_says),
	    cmocka_unit_test(a_wrapped_key_is_what_the_page_says),
	    cmocka_unit_test(hex_is_read_strictly),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
