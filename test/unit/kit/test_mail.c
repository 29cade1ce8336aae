#include "kit/mail.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const struct mail PLAIN = {.from = "lachan@truong.vn",
    .to = "it@truong.vn",
    .text = "1 new message\n",
    .now_s = 1763800000};

static void a_mail_is_written_as_servers_want_it(void **state)
{
	struct buf out = BUF_INIT(MAIL_MAX_BYTES);

	(void)state;
	mail_write(&out, &PLAIN);
	assert_string_equal(buf_cstr(&out),
	    "From: =?UTF-8?B?TMOhIENo4bqvbg==?= <lachan@truong.vn>\r\n"
	    "To: <it@truong.vn>\r\n"
	    "Subject: =?UTF-8?B?TMOhIENo4bqvbjog?=\r\n"
	    " =?UTF-8?B?MSBuZXcgbWVzc2FnZQ==?=\r\n"
	    "Date: Sat, 22 Nov 2025 08:26:40 +0000\r\n"
	    "Message-ID: <00000000000000000000000000000000@truong.vn>\r\n"
	    "Auto-Submitted: auto-generated\r\n"
	    "MIME-Version: 1.0\r\n"
	    "Content-Type: text/plain; charset=utf-8\r\n"
	    "Content-Transfer-Encoding: base64\r\n\r\n"
	    "MSBuZXcgbWVzc2FnZQo=\r\n");
	buf_deinit(&out);
}

static size_t longest_line(const char *text)
{
	size_t longest = 0;

	for (;;) {
		size_t len = strcspn(text, "\r");
		longest = len > longest ? len : longest;
		if (text[len] == 0)
			return longest;
		text += len + 2;
	}
}

static void no_line_is_long_and_no_letter_is_cut(void **state)
{
	struct buf out = BUF_INIT(MAIL_MAX_BYTES);
	struct mail mail = PLAIN;
	char text[600];

	(void)state;
	/* Three octets a letter, shifted by 0, 1 and 2. */
	for (size_t shift = 0; shift < 3; shift++) {
		size_t len = 0;
		memset(text, 'x', shift);
		for (len = shift; len + 3 < sizeof text - 1; len += 3)
			memcpy(text + len, "ắ", 3);
		text[len] = 0;
		mail.text = text;
		buf_reset(&out);
		mail_write(&out, &mail);
		assert_int_equal(buf_status(&out), OK);
		assert_true(longest_line(buf_cstr(&out)) <= 78);
		/* A word that ended within a letter would not end with a whole group of it. */
		assert_null(strstr(buf_cstr(&out), "4bo?="));
	}
	buf_deinit(&out);
}

static void nothing_that_ends_a_line_is_an_address(void **state)
{
	(void)state;
	assert_true(mail_is_address("hoa.nguyen+it@truong.edu.vn"));
	assert_false(mail_is_address(""));
	assert_false(mail_is_address("hoa"));
	assert_false(mail_is_address("@truong.vn"));
	assert_false(mail_is_address("hoa@"));
	assert_false(mail_is_address("hoa@a@b"));
	assert_false(mail_is_address("hoa@a.vn>"));
	assert_false(mail_is_address("hoa@a.vn\r\nBcc: x@y"));
	assert_false(mail_is_address("hoà@a.vn"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_mail_is_written_as_servers_want_it),
	    cmocka_unit_test(no_line_is_long_and_no_letter_is_cut),
	    cmocka_unit_test(nothing_that_ends_a_line_is_an_address),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
