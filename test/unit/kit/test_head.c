/* The head of a request: what is refused, what is read, which language it asks for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/attr.h"
#include "kit/head.h"

static unsigned parse(const char *text, struct head *out)
{
	return head_parse(slice_of(text), out);
}

static void a_plain_request_is_read(void **state)
{
	struct head head;

	(void)state;
	assert_int_equal(parse("GET /a/b?lang=en HTTP/1.1\r\nHost: Example.COM:8080\r\n"
	                       "Accept: text/html\r\n\r\n",
	                     &head),
	    0);
	assert_int_equal(head.method, HEAD_GET);
	assert_true(slice_equal(head.path, SLICE_LIT("/a/b")));
	assert_true(slice_equal(head_query(head.query, "lang"), SLICE_LIT("en")));
	assert_true(slice_equal(head.host, SLICE_LIT("Example.COM")));
	assert_true(head_wants_page(&head));
}

static enum err find_end(struct slice bytes, size_t *len)
{
	size_t seen = 0;

	return head_find_end(bytes, &seen, len);
}

static void the_end_is_found_and_bare_lines_are_refused(void **state)
{
	size_t len = 0;

	(void)state;
	assert_int_equal(find_end(SLICE_LIT("GET / HTTP/1.1\r\n"), &len), ERR_AGAIN);
	assert_int_equal(find_end(SLICE_LIT("GET / HTTP/1.1\r\n\r\nmore"), &len), OK);
	assert_int_equal(len, 18);
	assert_int_equal(find_end(SLICE_LIT("GET / HTTP/1.1\nA: b\n\n"), &len), ERR_FORMAT);
	static uint8_t much[HEAD_MAX_BYTES];
	memset(much, 'a', sizeof much);
	assert_int_equal(find_end((struct slice){much, sizeof much}, &len), ERR_RANGE);
}

static void a_head_that_drips_in_is_not_read_again_and_again(void **state)
{
	static const char text[] = "GET / HTTP/1.1\r\nHost: a\r\n\r\nmore";
	size_t seen = 0, len = 0, at;

	(void)state;
	for (at = 1; at < sizeof text - 5; at++) {
		assert_int_equal(
		    head_find_end((struct slice){(const uint8_t *)text, at}, &seen, &len),
		    ERR_AGAIN);
		assert_int_equal(seen, at);
	}
	assert_int_equal(
	    head_find_end((struct slice){(const uint8_t *)text, at}, &seen, &len), OK);
	assert_int_equal(len, sizeof text - 5);
}

static void what_two_readers_could_read_differently_is_refused(void **state)
{
	static const char *const bad[] = {
	    "GET / HTTP/1.1\r\n\r\n",                        /* no Host */
	    "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",  /* two Hosts */
	    "GET / HTTP/1.1\r\nHost: a\r\n folded\r\n\r\n",  /* obs-fold */
	    "GET / HTTP/1.1\r\nHost : a\r\n\r\n",            /* blank before colon */
	    "GET / HTTP/1.1\r\nHost: a\r\nNo colon\r\n\r\n", /* no field */
	    "GET / HTTP/1.1\r\nHost: a\r\nX: b\rc\r\n\r\n",  /* bare CR */
	    "GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n",
	    "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nContent-Length: 0\r\n\r\n",
	    "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
	    "GET  / HTTP/1.1\r\nHost: a\r\n\r\n", /* two blanks */
	    "GET nowhere HTTP/1.1\r\nHost: a\r\n\r\n",
	    "GET / HTTP/1.x\r\nHost: a\r\n\r\n",
	    "GET /\r\nHost: a\r\n\r\n", /* HTTP/0.9 */
	    "G@T / HTTP/1.1\r\nHost: a\r\n\r\n",
	    "GET /#top HTTP/1.1\r\nHost: a\r\n\r\n",
	    "GET /\xc3\xa1 HTTP/1.1\r\nHost: a\r\n\r\n",
	    "GET http://a/ HTTP/1.1\r\nHost: b\r\n\r\n", /* two that differ */
	    "GET http://me@a/ HTTP/1.1\r\nHost: me@a\r\n\r\n",
	    "GET / HTTP/1.1\r\nHost: me@a\r\n\r\n",
	    "GET / HTTP/1.1\r\nHost: a:80:81\r\n\r\n",
	    "GET / HTTP/1.1\r\nHost: a:99999\r\n\r\n",
	    "GET / HTTP/1.1\r\nHost: a b\r\n\r\n",
	    "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n",
	    "GET / HTTP/1.1\r\nHost: a, b\r\n\r\n",
	    "GET / HTTP/1.1\r\nHost: [::1\r\n\r\n",
	    "GET / HTTP/1.1\r\nHost: [::1]x\r\n\r\n",
	    "GET / HTTP/1.1\r\nHost: [x]\r\n\r\n",
	    "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5, 5\r\n\r\n",
	    "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\n",
	    "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +5\r\n\r\n",
	    "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0x5\r\n\r\n",
	    "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 010\r\n\r\n",
	    "POST / HTTP/1.1\r\nHost: a\r\nContent-Length:\r\n\r\n",
	    "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999\r\n\r\n",
	    "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: identity\r\n"
	    "Content-Length: 5\r\n\r\n",
	    "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n"
	    "Origin: http://a\r\nOrigin: http://b\r\n\r\n",
	};
	struct head head;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(bad); i++)
		if (parse(bad[i], &head) != 400)
			fail_msg("accepted: %s", bad[i]);
}

static void other_methods_versions_and_bodies_have_their_status(void **state)
{
	struct head head;

	(void)state;
	assert_int_equal(parse("PUT / HTTP/1.1\r\nHost: a\r\n\r\n", &head), 405);
	assert_int_equal(parse("POST / HTTP/1.1\r\nHost: a\r\n\r\n", &head), 411);
	assert_int_equal(parse("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n"
	                       "Content-Encoding: gzip\r\n\r\n",
	                     &head),
	    0);
	assert_true(head.is_packed);
	assert_int_equal(parse("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n"
	                       "Expect: 200-ok\r\n\r\n",
	                     &head),
	    417);
	assert_int_equal(parse("GET / HTTP/2.0\r\nHost: a\r\n\r\n", &head), 505);
	assert_int_equal(
	    parse("GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n", &head), 413);
	assert_int_equal(parse("HEAD / HTTP/1.0\r\n\r\n", &head), 0);
	assert_int_equal(head.method, HEAD_HEAD);
}

static void a_post_announces_its_body(void **state)
{
	struct head head;

	(void)state;
	assert_int_equal(
	    parse("POST /lachan/review HTTP/1.1\r\nHost: lachan.internal\r\n"
	          "Content-Type: application/x-www-form-urlencoded; charset=UTF-8\r\n"
	          "Content-Length: 12\r\nExpect: 100-Continue\r\n"
	          "Origin: http://lachan.internal\r\nSec-Fetch-Site: same-origin\r\n\r\n",
	        &head),
	    0);
	assert_int_equal(head.method, HEAD_POST);
	assert_int_equal(head.body_bytes, 12);
	assert_true(head.expects_continue);
	assert_true(head_is_form(&head));
	assert_true(slice_equal(head.origin, SLICE_LIT("http://lachan.internal")));
	assert_int_equal(parse("POST / HTTP/1.0\r\nContent-Length: 0\r\n"
	                       "Expect: 100-continue\r\nContent-Type: text/plain\r\n\r\n",
	                     &head),
	    0);
	assert_false(head.expects_continue); /* HTTP/1.0 knows no such thing */
	assert_false(head_is_form(&head));
}

static void an_absolute_target_names_the_host(void **state)
{
	struct head head;

	(void)state;
	assert_int_equal(
	    parse("GET http://real.example:80/x HTTP/1.1\r\nHost: REAL.example:80\r\n\r\n",
	        &head),
	    0);
	assert_true(slice_equal(head.host, SLICE_LIT("real.example")));
	assert_true(slice_equal(head.path, SLICE_LIT("/x")));
	assert_int_equal(parse("GET http://real.example?a HTTP/1.0\r\n\r\n", &head), 0);
	assert_true(slice_equal(head.host, SLICE_LIT("real.example")));
	assert_true(slice_equal(head.path, SLICE_LIT("/")));
	assert_true(slice_equal(head.query, SLICE_LIT("a")));
}

static void pages_are_for_navigations(void **state)
{
	struct head head;

	(void)state;
	(void)parse("GET / HTTP/1.1\r\nHost: a\r\nAccept: */*\r\n\r\n", &head);
	assert_false(head_wants_page(&head));
	(void)parse(
	    "GET / HTTP/1.1\r\nHost: a\r\nAccept: image/avif,image/webp\r\n\r\n", &head);
	assert_false(head_wants_page(&head));
	(void)parse("GET / HTTP/1.1\r\nHost: a\r\nSec-Fetch-Dest: script\r\n"
	            "Accept: text/html\r\n\r\n",
	    &head);
	assert_false(head_wants_page(&head));
	(void)parse("GET / HTTP/1.1\r\nHost: a\r\nSec-Fetch-Dest: document\r\n"
	            "Accept: application/xhtml+xml,text/html;q=0.9\r\n\r\n",
	    &head);
	assert_true(head_wants_page(&head));
	(void)parse("GET / HTTP/1.1\r\nHost: a\r\n\r\n", &head);
	assert_true(head_wants_page(&head));
}

static void weights_decide_the_language(void **state)
{
	static const char *const words[] = {"vi", "en"};

	(void)state;
	assert_int_equal(head_choose_language(SLICE_LIT("en-US,en;q=0.9"), words, 2), 1);
	assert_int_equal(
	    head_choose_language(SLICE_LIT("vi-VN,vi;q=0.9,en;q=0.8"), words, 2), 0);
	assert_int_equal(
	    head_choose_language(SLICE_LIT("en;q=0.3, vi;q=0.7"), words, 2), 0);
	assert_int_equal(head_choose_language(SLICE_LIT("en;q=0"), words, 2), 0);
	assert_int_equal(head_choose_language(SLICE_LIT("fr,de"), words, 2), 0);
	assert_int_equal(head_choose_language(SLICE_EMPTY, words, 2), 0);
}

static void an_item_of_weight_zero_is_a_no(void **state)
{
	(void)state;
	assert_true(head_accepts(SLICE_LIT("br, gzip;q=0.5"), "gzip"));
	assert_false(head_accepts(SLICE_LIT("br, gzip;q=0"), "gzip"));
	assert_false(head_accepts(SLICE_LIT("gzipped"), "gzip"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_plain_request_is_read),
	    cmocka_unit_test(the_end_is_found_and_bare_lines_are_refused),
	    cmocka_unit_test(a_head_that_drips_in_is_not_read_again_and_again),
	    cmocka_unit_test(what_two_readers_could_read_differently_is_refused),
	    cmocka_unit_test(other_methods_versions_and_bodies_have_their_status),
	    cmocka_unit_test(a_post_announces_its_body),
	    cmocka_unit_test(an_absolute_target_names_the_host),
	    cmocka_unit_test(pages_are_for_navigations),
	    cmocka_unit_test(weights_decide_the_language),
	    cmocka_unit_test(an_item_of_weight_zero_is_a_no),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
