#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "kit/servers.h"
#include "kit/stub_answer.h"

static uint8_t storage[STUB_QUERY_BYTES];

static struct slice query_for(const char *host)
{
	struct writer w = writer_over(storage, sizeof storage);

	assert_int_equal(stub_answer_make_query(&w, host, STUB_A, 0x1234), OK);
	return writer_slice(&w);
}

/* Header and question of an answer to "a.vn A"; records follow. */
static void begin_answer(struct writer *w, uint16_t id, uint16_t flags, uint16_t records)
{
	writer_u16(w, id);
	writer_u16(w, flags);
	writer_u16(w, 1);
	writer_u16(w, records);
	writer_u32(w, 0);
	writer_bytes(w, SLICE_LIT("\1a\2vn\0\0\1\0\1"));
}

static void add_a(struct writer *w, struct slice owner, uint32_t address)
{
	writer_bytes(w, owner);
	writer_bytes(w, SLICE_LIT("\0\1\0\1\0\0\0\x3c\0\4"));
	writer_u32(w, address);
}

static enum err read_it(const struct writer *w, struct addresses *found)
{
	*found = (struct addresses){.count = 0};
	return stub_answer_read(found, writer_slice(w), query_for("a.vn"));
}

static void the_addresses_of_the_name_are_found(void **state)
{
	uint8_t bytes[512];
	struct writer w = writer_over(bytes, sizeof bytes);
	struct addresses found;

	(void)state;
	begin_answer(&w, 0x1234, 0x8180, 3);
	add_a(&w, SLICE_LIT("\xc0\x0c"), 0xc0000201);
	add_a(&w, SLICE_LIT("\xc0\x0c"), 0x0a000001);
	/* Nobody asked for that one. */
	add_a(&w, SLICE_LIT("\1b\2vn\0"), 0x7f000001);
	assert_int_equal(read_it(&w, &found), OK);
	assert_int_equal(found.count, 2);
	assert_string_equal(found.items[0].text, "192.0.2.1");
	assert_int_equal(found.items[1].class, ADDRESS_PRIVATE);
}

static void aliases_are_followed_within_the_answer(void **state)
{
	uint8_t bytes[512];
	struct writer w = writer_over(bytes, sizeof bytes);
	struct addresses found;

	(void)state;
	begin_answer(&w, 0x1234, 0x8180, 2);
	writer_bytes(&w, SLICE_LIT("\xc0\x0c\0\5\0\1\0\0\0\x3c\0\6\1c\2vn\0"));
	add_a(&w, SLICE_LIT("\1c\2vn\0"), 0xc0000202);
	assert_int_equal(read_it(&w, &found), OK);
	assert_int_equal(found.count, 1);
	assert_string_equal(found.items[0].text, "192.0.2.2");
}

static void an_alias_loop_ends(void **state)
{
	uint8_t bytes[512];
	struct writer w = writer_over(bytes, sizeof bytes);
	struct addresses found;

	(void)state;
	begin_answer(&w, 0x1234, 0x8180, 1);
	writer_bytes(&w, SLICE_LIT("\xc0\x0c\0\5\0\1\0\0\0\x3c\0\2\xc0\x0c"));
	assert_int_equal(read_it(&w, &found), OK);
	assert_int_equal(found.count, 0);
}

static void what_answers_another_question_is_passed_over(void **state)
{
	uint8_t bytes[512];
	struct addresses found;

	(void)state;
	struct writer w = writer_over(bytes, sizeof bytes);
	begin_answer(&w, 0x1235, 0x8180, 0);
	assert_int_equal(read_it(&w, &found), ERR_FORMAT);
	w = writer_over(bytes, sizeof bytes);
	begin_answer(&w, 0x1234, 0x0180, 0); /* a query */
	assert_int_equal(read_it(&w, &found), ERR_FORMAT);
	w = writer_over(bytes, sizeof bytes);
	begin_answer(&w, 0x1234, 0x8180, 0);
	bytes[13] = 'z';
	assert_int_equal(read_it(&w, &found), ERR_FORMAT);
	for (size_t len = 0; len < w.len; len++) {
		struct slice cut = {bytes, len};
		assert_int_equal(
		    stub_answer_read(&found, cut, query_for("a.vn")), ERR_FORMAT);
	}
}

static void truncation_and_failure_are_told_apart(void **state)
{
	uint8_t bytes[512];
	struct addresses found;

	(void)state;
	struct writer w = writer_over(bytes, sizeof bytes);
	begin_answer(&w, 0x1234, 0x8380, 0);
	assert_int_equal(read_it(&w, &found), ERR_AGAIN);
	w = writer_over(bytes, sizeof bytes);
	begin_answer(&w, 0x1234, 0x8182, 0);
	assert_int_equal(read_it(&w, &found), ERR_IO);
	w = writer_over(bytes, sizeof bytes);
	begin_answer(&w, 0x1234, 0x8183, 0);
	assert_int_equal(read_it(&w, &found), OK);
	assert_int_equal(found.count, 0);
}

static void what_is_no_name_is_not_asked(void **state)
{
	struct writer w = writer_over(storage, sizeof storage);
	char long_label[80];

	(void)state;
	memset(long_label, 'a', sizeof long_label);
	long_label[sizeof long_label - 1] = 0;
	assert_int_equal(stub_answer_make_query(&w, long_label, STUB_A, 1), ERR_FORMAT);
	assert_int_equal(stub_answer_make_query(&w, "a..b", STUB_A, 1), ERR_FORMAT);
	assert_int_equal(stub_answer_make_query(&w, "", STUB_A, 1), ERR_FORMAT);
}

static void servers_come_from_resolv_conf(void **state)
{
	struct upstreams found = {.count = 0};
	char text[ADDR_TEXT_MAX];

	(void)state;
	servers_read_resolv_conf(&found,
	    SLICE_LIT(
	        "# comment\nnameserver 192.0.2.1\n search x\nnameserver\t2001:db8::1  \n"
	        "nameserver nonsense\nnameserver 192.0.2.3"));
	assert_int_equal(found.count, 3);
	addr_to_text_port(text, &found.items[1].addr);
	assert_string_equal(text, "[2001:db8::1]:53");
}

static void the_gateway_is_read_from_the_route_table(void **state)
{
	struct addr gateway = ADDR_NONE;
	char text[ADDR_TEXT_MAX];

	(void)state;
	assert_true(servers_read_gateway(&gateway,
	    SLICE_LIT("Iface\tDestination\tGateway \tFlags\tRefCnt\n"
	              "eth0\t0001A8C0\t00000000\t0001\t0\n"
	              "eth0\t00000000\t0101A8C0\t0003\t0\n")));
	addr_to_text(text, &gateway);
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	assert_string_equal(text, "192.168.1.1");
#endif
	assert_false(servers_read_gateway(&gateway, SLICE_LIT("Iface\tDestination\n")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_addresses_of_the_name_are_found),
	    cmocka_unit_test(aliases_are_followed_within_the_answer),
	    cmocka_unit_test(an_alias_loop_ends),
	    cmocka_unit_test(what_answers_another_question_is_passed_over),
	    cmocka_unit_test(truncation_and_failure_are_told_apart),
	    cmocka_unit_test(what_is_no_name_is_not_asked),
	    cmocka_unit_test(servers_come_from_resolv_conf),
	    cmocka_unit_test(the_gateway_is_read_from_the_route_table),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
