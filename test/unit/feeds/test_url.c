#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "feeds/url.h"

static struct url parsed(const char *text)
{
	struct url url = {.port = 0};
	struct diag why = {.text = ""};

	if (url_parse(&url, text, "/usr/share/lachan", &why) != OK)
		fail_msg("%s: %s", text, why.text);
	return url;
}

static void a_url_is_taken_apart(void **state)
{
	struct url url = parsed("https://Mirror.Example/a%20b?c=d#fragment");

	(void)state;
	assert_int_equal(url.scheme, URL_HTTPS);
	assert_string_equal(url.host, "mirror.example");
	assert_int_equal(url.port, 443);
	assert_false(url.literal);
	assert_null(strchr(url.text, '#'));
	assert_string_equal(url.member, "fragment");
	url = parsed("http://[::1]:8080/x");
	assert_string_equal(url.host, "::1");
	assert_int_equal(url.port, 8080);
	assert_true(url.literal);
	assert_int_equal(url.class, ADDRESS_LOOPBACK);
}

static void other_ways_to_write_an_address_are_seen_through(void **state)
{
	static const char *const texts[] = {"http://127.1/", "http://0x7f000001/",
	    "http://2130706433/", "http://017700000001/"};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(texts); i++) {
		struct url url = parsed(texts[i]);
		assert_true(url.literal);
		assert_int_equal(url.class, ADDRESS_LOOPBACK);
	}
}

static void a_name_in_other_letters_becomes_a_labels(void **state)
{
	struct url url = parsed("https://trường.example/x");

	(void)state;
	assert_string_equal(url.host, "xn--trng-rib8295b.example");
	assert_non_null(strstr(url.text, "xn--trng-rib8295b.example"));
}

static void files_are_absolute_or_below_the_data_folder(void **state)
{
	struct url url = parsed("file:lists/gam bling.txt");
	struct diag why;

	(void)state;
	assert_int_equal(url.scheme, URL_FILE);
	assert_string_equal(url.path, "/usr/share/lachan/lists/gam bling.txt");
	assert_string_equal(url.text, "file:///usr/share/lachan/lists/gam%20bling.txt");
	url = parsed("file:///srv/a%20b.txt");
	assert_string_equal(url.path, "/srv/a b.txt");
	assert_int_equal(
	    url_parse(&url, "file:lists/../../etc/passwd", "/x", &why), ERR_FORMAT);
	assert_int_equal(url_parse(&url, "file:..", "/x", &why), ERR_FORMAT);
}

static void passwords_and_other_schemes_are_refused(void **state)
{
	static const char *const texts[] = {"https://user:secret@mirror.example/x",
	    "https://user@mirror.example/", "ftp://mirror.example/x", "gopher://x/",
	    "dict://127.0.0.1:11211/", "", "mirror.example/x", "https://", "http://x:0/",
	    "http://x:99999/", "http://a b/"};
	struct url url;
	struct diag why;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(texts); i++) {
		if (url_parse(&url, texts[i], "/x", &why) != ERR_FORMAT)
			fail_msg("%s was accepted as %s", texts[i], url.text);
		assert_null(strstr(why.text, "secret"));
	}
}

static enum err redirect(const char *from, const char *location)
{
	struct url start = parsed(from);
	struct url next;
	struct diag why;
	return url_redirect(&next, &start, location, &why);
}

static void a_redirect_may_not_weaken_or_change_the_scheme(void **state)
{
	(void)state;
	assert_int_equal(redirect("https://a.example/x", "https://b.example/y"), OK);
	assert_int_equal(redirect("http://a.example/x", "https://a.example/x"), OK);
	assert_int_equal(redirect("http://a.example/x", "http://b.example/"), OK);
	assert_int_equal(redirect("https://a.example/x", "/y?z"), OK);
	assert_int_equal(redirect("https://a.example/x", "//b.example/y"), OK);
	assert_int_equal(redirect("https://a.example/x", "http://a.example/x"), ERR_DENIED);
	assert_int_equal(redirect("http://a.example/x", "file:///etc/passwd"), ERR_DENIED);
	assert_int_equal(redirect("http://a.example/x", "file:lists/x"), ERR_DENIED);
	assert_int_equal(redirect("http://a.example/x", "gopher://b.example/"), ERR_DENIED);
	assert_int_equal(
	    redirect("http://a.example/x", "http://u:p@b.example/"), ERR_DENIED);
	assert_int_equal(redirect("http://a.example/x", "http://"), ERR_DENIED);
}

static void a_relative_redirect_keeps_host_and_port(void **state)
{
	struct url start = parsed("http://127.0.0.1:8081/a/b");
	struct url next;

	(void)state;
	assert_int_equal(url_redirect(&next, &start, "../c", NULL), OK);
	assert_string_equal(next.text, "http://127.0.0.1:8081/c");
	assert_int_equal(next.port, 8081);
}

static void addresses_are_put_into_their_class(void **state)
{
	static const struct {
		const char *text;
		enum address_class class;
	} rows[] = {{"1.1.1.2", ADDRESS_PUBLIC}, {"10.255.255.255", ADDRESS_PRIVATE},
	    {"11.0.0.0", ADDRESS_PUBLIC}, {"172.16.0.1", ADDRESS_PRIVATE},
	    {"172.32.0.1", ADDRESS_PUBLIC}, {"192.168.1.1", ADDRESS_PRIVATE},
	    {"100.64.0.1", ADDRESS_PRIVATE}, {"100.128.0.1", ADDRESS_PUBLIC},
	    {"127.255.0.1", ADDRESS_LOOPBACK}, {"169.254.169.254", ADDRESS_LINK_LOCAL},
	    {"0.0.0.0", ADDRESS_SPECIAL}, {"224.0.0.1", ADDRESS_SPECIAL},
	    {"255.255.255.255", ADDRESS_SPECIAL}, {"::1", ADDRESS_LOOPBACK},
	    {"::", ADDRESS_SPECIAL}, {"2606:4700::1112", ADDRESS_PUBLIC},
	    {"fe80::1", ADDRESS_LINK_LOCAL}, {"fd00::1", ADDRESS_PRIVATE},
	    {"ff02::1", ADDRESS_SPECIAL}, {"::ffff:127.0.0.1", ADDRESS_LOOPBACK},
	    {"::ffff:169.254.169.254", ADDRESS_LINK_LOCAL},
	    {"64:ff9b::10.0.0.1", ADDRESS_PRIVATE}, {"2002:7f00:1::", ADDRESS_LOOPBACK}};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		enum address_class class = ADDRESS_CLASSES;
		assert_true(address_literal_class(rows[i].text, &class));
		if (class != rows[i].class)
			fail_msg("%s is %s", rows[i].text, address_class_text(class));
	}
}

static void only_a_mirror_in_the_same_network_may_lead_home(void **state)
{
	(void)state;
	for (int c = 0; c < ADDRESS_CLASSES; c++) {
		enum address_class class = (enum address_class)c;
		assert_true(url_class_allowed(class, ADDRESS_PUBLIC));
		assert_false(url_class_allowed(class, ADDRESS_SPECIAL));
		assert_int_equal(
		    url_class_allowed(ADDRESS_PUBLIC, class), class == ADDRESS_PUBLIC);
	}
	assert_true(url_class_allowed(ADDRESS_PRIVATE, ADDRESS_PRIVATE));
	assert_true(url_class_allowed(ADDRESS_LOOPBACK, ADDRESS_LOOPBACK));
	assert_false(url_class_allowed(ADDRESS_PRIVATE, ADDRESS_LINK_LOCAL));
	assert_false(url_class_allowed(ADDRESS_LOOPBACK, ADDRESS_PRIVATE));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_url_is_taken_apart),
	    cmocka_unit_test(other_ways_to_write_an_address_are_seen_through),
	    cmocka_unit_test(a_name_in_other_letters_becomes_a_labels),
	    cmocka_unit_test(files_are_absolute_or_below_the_data_folder),
	    cmocka_unit_test(passwords_and_other_schemes_are_refused),
	    cmocka_unit_test(a_redirect_may_not_weaken_or_change_the_scheme),
	    cmocka_unit_test(a_relative_redirect_keeps_host_and_port),
	    cmocka_unit_test(addresses_are_put_into_their_class),
	    cmocka_unit_test(only_a_mirror_in_the_same_network_may_lead_home),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
