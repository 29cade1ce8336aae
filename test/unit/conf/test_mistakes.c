/* Each kind of mistake, at its line and column, with what to do about it. */
#include "school.h"

/* The line that every file needs; mistakes stand in the lines after it. */
#define SCHOOL "school: {levels: [primary]}\n"

static void all_mistakes_of_a_file_are_told_in_one_run(void **state)
{
	(void)state;
	assert_mistakes("school:\n"
	                "  levels: [lower_secundary]\n"
	                "  naem: x\n"
	                "  hotline: '111'\n"
	                "  hotline: '112'\n"
	                "server: {threads: many, max_udp_size: 100}\n"
	                "filter: {enforce: perhaps}\n"
	                "bogus: 1\n",
	    NULL,
	    "2:12: unknown tier 'lower_secundary'; did you mean 'lower_secondary'?\n"
	    "3:3: unknown key 'naem'; did you mean 'name'?\n"
	    "5:3: key 'hotline' stands here twice (first in line 4; keep one)\n"
	    "6:19: 'server.threads' is a whole number (write it in digits, or auto)\n"
	    "6:39: 'server.max_udp_size' is out of range (from 512 to 4096)\n"
	    "7:19: 'filter.enforce' is a switch (write on or off)\n"
	    "8:1: unknown key 'bogus' (choose one of: school, server, upstream, cache, "
	    "filter, pages, console, notify, monitor, share)\n");
}

static void a_file_that_holds_no_keys_is_told_once(void **state)
{
	static const char told[] =
	    "1:1: the file holds keys (write KEY: VALUE, one a line)\n";

	(void)state;
	assert_mistakes("just words\n", NULL, told);
	assert_mistakes("just words\n", SCHOOL, told);
	assert_mistakes(SCHOOL, "- a\n", told);
	assert_mistakes(SCHOOL "filter: x\nserver: []\n", NULL,
	    "2:9: 'filter' has keys of its own (write them below it, indented)\n"
	    "3:9: 'server' has keys of its own (write them below it, indented)\n");
	config_free(school_config(SCHOOL, "~\n"));
	config_free(school_config("", SCHOOL));
}

static void levels_must_be_given(void **state)
{
	(void)state;
	assert_mistakes("server: {}\n", NULL,
	    "1:1: 'school.levels' is missing (add it; docs/configuration.md says what it "
	    "means)\n");
	assert_mistakes("school: {name: x}\n", NULL,
	    "1:9: 'school.levels' is missing (add it; docs/configuration.md says what it "
	    "means)\n");
	assert_mistakes("school: {levels: []}\n", NULL,
	    "1:18: 'school.levels' is empty (name at least one)\n");
	assert_mistakes("school: {levels: [staff]}\n", NULL,
	    "1:19: 'staff' is no tier of pupils (name those that learn here; it exists "
	    "anyway)\n");
}

static void time_zones_must_exist(void **state)
{
	(void)state;
	if (access("/usr/share/zoneinfo/Asia/Ho_Chi_Minh", R_OK) != 0)
		skip();
	assert_mistakes("school: {levels: [primary], time_zone: Asia/Hanoi}\n", NULL,
	    "1:40: unknown time zone 'Asia/Hanoi' (write one such as Asia/Ho_Chi_Minh; "
	    "`timedatectl list-timezones` lists them)\n");
	assert_mistakes("school: {levels: [primary], time_zone: ../../etc/passwd}\n", NULL,
	    "1:40: unknown time zone '../../etc/passwd' (write one such as "
	    "Asia/Ho_Chi_Minh; `timedatectl list-timezones` lists them)\n");
}

static void addresses_are_checked(void **state)
{
	(void)state;
	assert_mistakes(
	    SCHOOL "server:\n  listen: [0.0.0.0, '127.0.0.1:53', 127.0.0.1:53]\n", NULL,
	    "3:12: '0.0.0.0' has no port (write ADDRESS:PORT, such as 0.0.0.0:53 or "
	    "\"[::]:53\")\n"
	    "3:37: '127.0.0.1:53' stands here twice (keep one)\n");
	assert_mistakes(SCHOOL "filter: {answer: {ipv4: '::1', ipv6: 10.0.0.1}}\n", NULL,
	    "2:25: '::1' is no IPv4 address (write one without a port, auto, or none)\n"
	    "2:38: '10.0.0.1' is no IPv6 address (write one without a port, auto, or "
	    "none)\n");
	assert_mistakes(SCHOOL "server: {allow: [10.0.0.9-10.0.0.1]}\n", NULL,
	    "2:18: '10.0.0.9-10.0.0.1' is no range (write FIRST-LAST, the smaller address "
	    "first)\n");
}

static void upstreams_are_checked(void **state)
{
	(void)state;
	assert_mistakes(SCHOOL "upstream:\n"
	                       "  servers:\n"
	                       "    - tls://dns.quad9.net:853@9.9.9.9\n"
	                       "    - ftp://9.9.9.9\n"
	                       "    - 0.0.0.0\n"
	                       "  timeout: 1h\n",
	    NULL,
	    "4:7: 'tls://dns.quad9.net:853@9.9.9.9': encrypted upstreams are not built yet; "
	    "write udp://ADDRESS or tcp://ADDRESS\n"
	    "5:7: 'ftp://9.9.9.9' begins with an unknown scheme (write udp://ADDRESS or "
	    "tcp://ADDRESS)\n"
	    "6:7: '0.0.0.0' is nobody's address (write that of a DNS server)\n"
	    "7:12: 'upstream.timeout' is out of range (from 100ms to 10s)\n");
}

static void feeds_are_checked(void **state)
{
	(void)state;
	assert_mistakes(SCHOOL
	    "filter:\n"
	    "  feeds:\n"
	    "    - {name: a_b, category: gambla, url: [ftp://x]}\n"
	    "    - {name: c, category: allow, url: ['https://x/y'], sha256: abc}\n"
	    "    - {name: c, category: adult, url: [], format: bundle}\n"
	    "    - {name: d, url: ['http://x'], rewrite: maybe}\n"
	    "    - {name: e, url: ['http://x'], format: bundle, public_key: abc=}\n"
	    "    - {name: f, category: adult, url: ['http://x'], public_key: "
	    "A6EHv/POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg=}\n",
	    NULL,
	    "4:14: 'a_b' is not a feed's name (use a-z, 0-9 and -)\n"
	    "4:29: unknown category 'gambla'; did you mean 'gambling'?\n"
	    "4:43: 'ftp://x' is no address of a list (write https://HOST/PATH, "
	    "http://HOST/PATH or file:PATH)\n"
	    "5:64: 'sha256' is 64 hexadecimal digits (as sha256sum prints them)\n"
	    "6:14: a bundle wants 'public_key', by which it is believed (the department tells "
	    "it)\n"
	    "6:14: feed 'c' stands here twice (first in line 5; give it another name)\n"
	    "6:27: a bundle has no category, its lists have their own (remove 'category')\n"
	    "6:39: 'filter.feeds.url' is empty (name at least one)\n"
	    "7:14: a list wants 'category' (one of rules/categories.yaml, or allow)\n"
	    "7:45: 'filter.feeds.rewrite' is a switch (write on or off)\n"
	    "8:64: 'public_key' is 44 characters of base64 (as the department writes it)\n"
	    "9:65: 'public_key' is for feeds of format bundle (remove it, or write `format: "
	    "bundle`)\n");
}

static void tiers_are_checked(void **state)
{
	(void)state;
	assert_mistakes(SCHOOL "filter:\n"
	                       "  default_tier: staf\n"
	                       "  tiers:\n"
	                       "    - {name: primari}\n"
	                       "    - {name: thcs-b}\n"
	                       "    - {name: x, like: staf}\n"
	                       "    - {name: staff, block: [adlt], youtube: tight}\n"
	                       "    - {name: staff}\n",
	    NULL,
	    "3:17: unknown tier 'staf'; did you mean 'staff'?\n"
	    "5:14: unknown tier 'primari'; did you mean 'primary'?\n"
	    "6:14: unknown tier 'thcs-b' (a new one needs `like:` with a tier to start "
	    "from)\n"
	    "7:23: unknown tier 'staf'; did you mean 'staff'?\n"
	    "8:29: unknown category 'adlt'; did you mean 'adult'?\n"
	    "8:45: unknown word 'tight' (choose one of: off, moderate, strict)\n"
	    "9:14: tier 'staff' stands here twice (first in line 8; give it another "
	    "name)\n");
}

static void a_tier_without_a_base_is_checked_in_the_same_run(void **state)
{
	(void)state;
	assert_mistakes(SCHOOL
	    "filter:\n"
	    "  groups: [{name: lab, clients: [10.1.0.0/16]}, {name: \"a b\", "
	    "clients: []}]\n"
	    "  tiers:\n"
	    "    - name: exam\n"
	    "      like: nobody\n"
	    "      clients: [attic]\n"
	    "      block: [gamblin]\n"
	    "      block_services: [tiktokk]\n"
	    "    - {name: thcs-b, block: [adlt]}\n",
	    NULL,
	    "3:56: 'a b' is not a name for 'filter.groups.name' (use a-z, 0-9, - and _, at "
	    "most 63)\n"
	    "6:13: unknown tier 'nobody' (choose one of: preschool, primary, "
	    "lower_secondary, upper_secondary, continuing_education, guest, staff)\n"
	    "7:17: unknown group 'attic' (choose one of: lab)\n"
	    "8:15: unknown category 'gamblin'; did you mean 'gambling'?\n"
	    "9:24: unknown service 'tiktokk'; did you mean 'tiktok'?\n"
	    "10:14: unknown tier 'thcs-b' (a new one needs `like:` with a tier to start "
	    "from)\n"
	    "10:30: unknown category 'adlt'; did you mean 'adult'?\n");
}

static void ranges_that_cross_are_told_and_those_that_hold_others_are_not(void **state)
{
	(void)state;
	assert_mistakes(SCHOOL
	    "filter:\n"
	    "  groups: [{name: lab, clients: [10.0.0.40-10.0.0.49]}]\n"
	    "  tiers:\n"
	    "    - {name: primary, clients: [10.0.0.32/28, 10.1.0.0/16]}\n"
	    "    - {name: guest, clients: [10.1.0.0/24, 10.1.0.0-10.1.0.9]}\n"
	    "    - {name: upper_secondary, clients: [10.1.0.5-10.1.1.5]}\n"
	    "    - {name: staff, clients: [lab, 10.1.0.9, \"::/8\"]}\n",
	    NULL,
	    "7:41: '10.1.0.5-10.1.1.5' overlaps '10.1.0.0-10.1.0.9' in line 6 (let one "
	    "hold the other whole, or let them not meet)\n"
	    "8:31: '10.0.0.40-10.0.0.49' overlaps '10.0.0.32/28' in line 5 (let one hold "
	    "the other whole, or let them not meet)\n");
}

static void clients_are_checked(void **state)
{
	(void)state;
	assert_mistakes(SCHOOL "filter:\n"
	                       "  groups: [{name: lab, clients: [10.1.0.0/16, lab2]}]\n"
	                       "  tiers:\n"
	                       "    - name: primary\n"
	                       "      clients: [10.0.0.0/8, lob, 3c:22:fb:01:02:03]\n"
	                       "    - name: staff\n"
	                       "      clients: [10.0.0.0-10.255.255.255, 'a b']\n",
	    NULL,
	    "3:47: 'lab2' is no address (a group holds prefixes, ranges and MAC "
	    "addresses, not other groups)\n"
	    "6:29: unknown group 'lob'; did you mean 'lab'?\n"
	    "8:17: '10.0.0.0-10.255.255.255' is claimed by tier primary already, in line 6 "
	    "(keep one)\n"
	    "8:42: 'a b' is neither an address, a prefix, a range, a MAC address nor a group "
	    "(write 10.20.0.0/16, 192.168.1.100-192.168.1.149, 3c:22:fb:01:02:03, or a name "
	    "of filter.groups)\n");
}

static void devices_are_checked(void **state)
{
	(void)state;
	assert_mistakes(SCHOOL
	    "filter:\n"
	    "  groups: [{name: lab, clients: [3c:22:fb:01:02:03, 3c:22:fb:01:02:09]}]\n"
	    "  tiers:\n"
	    "    - name: primary\n"
	    "      clients: [3C-22-FB-01-02-03, 192.168.1.5+3c:22:fb:01:02:03]\n"
	    "    - name: staff\n"
	    "      clients:\n"
	    "        - lab\n"
	    "        - 192.168.1.5+3c:22:fb:01:02:03\n"
	    "        - 192.168.1.6+3c:22:fb:01:02:03\n"
	    "        - ff:ff:ff:ff:ff:ff\n"
	    "        - 00:00:00:00:00:00\n"
	    "        - 01:00:5e:00:00:01\n"
	    "        - 3c:22:fb:01:02\n"
	    "        - 3c:22:fb:01:02:03:04\n"
	    "        - 3c:22-fb:01:02:03\n"
	    "        - 192.168.1.0/24+3c:22:fb:01:02:03\n"
	    "        - 192.168.1.7+lab\n"
	    "        - 192.168.1.7:53+3c:22:fb:01:02:03\n",
	    NULL,
	    "9:11: '3c:22:fb:01:02:03' is claimed by tier primary already, in line 6 (keep "
	    "one)\n"
	    "10:11: '192.168.1.5+3c:22:fb:01:02:03' is claimed by tier primary already, in "
	    "line 6 (keep one)\n"
	    "12:11: 'ff:ff:ff:ff:ff:ff' is no device's MAC address but nobody's or that of "
	    "many (write the one that the device shows)\n"
	    "13:11: '00:00:00:00:00:00' is no device's MAC address but nobody's or that of "
	    "many (write the one that the device shows)\n"
	    "14:11: '01:00:5e:00:00:01' is no device's MAC address but nobody's or that of "
	    "many (write the one that the device shows)\n"
	    "15:11: '3c:22:fb:01:02' is no MAC address (write six pairs of digits such as "
	    "3c:22:fb:01:02:03)\n"
	    "16:11: '3c:22:fb:01:02:03:04' is no MAC address (write six pairs of digits such "
	    "as 3c:22:fb:01:02:03)\n"
	    "17:11: '3c:22-fb:01:02:03' is no MAC address (write six pairs of digits such as "
	    "3c:22:fb:01:02:03)\n"
	    "18:11: 'filter.tiers.clients': this is not an address; write it like 192.0.2.1, "
	    "192.0.2.1:53 or [2001:db8::1]:53\n"
	    "19:11: '192.168.1.7+lab' is no MAC address (write six pairs of digits such as "
	    "3c:22:fb:01:02:03)\n"
	    "20:11: '192.168.1.7:53+3c:22:fb:01:02:03' has a port or an interface (write "
	    "addresses alone)\n");
}

static void forwarders_are_checked(void **state)
{
	(void)state;
	assert_mistakes(SCHOOL
	    "server: {trusted_forwarders: [local, 10.0.0.1, 10.0.0.9-10.0.0.2, "
	    "3c:22:fb:01:02:03]}\n",
	    NULL,
	    "2:31: 'server.trusted_forwarders': this is not an address; write it like "
	    "192.0.2.1, 192.0.2.1:53 or [2001:db8::1]:53\n"
	    "2:48: '10.0.0.9-10.0.0.2' is no range (write FIRST-LAST, the smaller address "
	    "first)\n"
	    "2:67: 'server.trusted_forwarders': this is not an address; write it like "
	    "192.0.2.1, 192.0.2.1:53 or [2001:db8::1]:53\n");
}

static void names_are_checked(void **state)
{
	(void)state;
	assert_mistakes(SCHOOL "filter:\n"
	                       "  never_block: ['*.a.vn', trường.vn, '.']\n"
	                       "  tiers: [{name: primary, allow: [b.vn], deny: [B.vn.]}]\n",
	    NULL,
	    "3:17: '*.a.vn' needs no star (write a.vn: a name covers all below it)\n"
	    "3:27: 'trường.vn' has letters outside a-z (write the name in its xn-- form)\n"
	    "3:38: '.' would cover every name (write a domain name)\n"
	    "4:49: 'B.vn.' stands in both allow (line 4) and deny of tier primary (keep "
	    "one)\n");
}

static void https_wants_a_certificate_and_a_port_of_its_own(void **state)
{
	(void)state;
	assert_mistakes(SCHOOL "pages:\n  listen_tls: [0.0.0.0:443]\n", NULL,
	    "3:15: pages.listen_tls wants a certificate (make the school's own CA with "
	    "`lachanctl ca make` and name it in pages.ca, or give "
	    "pages.portal.certificate)\n");
	assert_mistakes(SCHOOL
	    "pages:\n"
	    "  listen_tls: [0.0.0.0:80, 10.0.0.1:443, '0.0.0.0:53', 10.0.0.1:443]\n"
	    "  ca: {certificate: ca.pem, key: ca.key}\n",
	    NULL,
	    "3:16: '0.0.0.0:80' stands in pages.listen too (keep one, or choose another "
	    "port)\n"
	    "3:42: '0.0.0.0:53' stands in server.listen too (keep one, or choose another "
	    "port)\n"
	    "3:56: '10.0.0.1:443' stands here twice (keep one)\n");
}

static void a_certificate_and_its_key_come_together(void **state)
{
	(void)state;
	assert_mistakes(SCHOOL "pages:\n"
	                       "  ca: {certificate: ca.pem}\n"
	                       "  portal: {certificate: {key: portal.key}}\n",
	    NULL,
	    "3:21: pages.ca.certificate wants pages.ca.key beside it (name the file with "
	    "its private key)\n"
	    "4:31: pages.portal.certificate.key wants pages.portal.certificate.file beside "
	    "it (name the file with its certificate)\n");
}

static void whom_to_tell_is_checked_key_by_key(void **state)
{
	static const struct {
		const char *text;
		const char *told;
	} CASES[] = {
	    {"{to: smtp://mail.truong.lan}",
	        "2:15: 'smtp://mail.truong.lan' wants an address beside it (write address: "
	        "NAME@HOST)\n"},
	    {"{to: smtp://a, address: hoa}",
	        "2:34: 'hoa' is no e-mail address (write NAME@HOST)\n"},
	    {"{to: smtp://a, address: \"a@b>\"}",
	        "2:34: 'a@b>' is no e-mail address (write NAME@HOST)\n"},
	    {"{to: https://a/b, address: a@b}",
	        "2:37: 'address' is for mail (leave it out)\n"},
	    {"{to: \"smtp://u@v@a:25\", address: a@b}",
	        "2:15: 'smtp://u@v@a:25' names a user (name the file with the password in "
	        "password_file)\n"},
	    {"{to: smtps://a, address: a@b, password_file: x}",
	        "2:55: a password wants a user (write smtps://USER@a)\n"},
	    {"{to: /bin/true, password_file: x, ca_file: y}",
	        "2:41: a command gets no password (leave password_file out)\n"
	        "2:53: 'ca_file' is for mail and https (leave it out)\n"},
	    {"{to: /bin/true, events: []}",
	        "2:34: 'notify.events' is empty (name at least one)\n"},
	    {"{to: /bin/true, events: [review, review]}",
	        "2:34: 'events' names something twice (keep one)\n"},
	    {"{to: /bin/true, events: [reviews]}",
	        "2:35: unknown word 'reviews'; did you mean 'review'?\n"},
	    {"{to: /bin/true}, {to: /bin/true}",
	        "2:32: '/bin/true' stands here twice (keep one)\n"},
	    {"{address: a@b}",
	        "2:10: 'notify.to' is missing (add it; docs/configuration.md says what it "
	        "means)\n"},
	};
	char text[512];

	(void)state;
	for (size_t i = 0; i < COUNT_OF(CASES); i++) {
		(void)snprintf(
		    text, sizeof text, "%snotify: [%s]\n", SCHOOL, CASES[i].text);
		assert_mistakes(text, NULL, CASES[i].told);
	}
}

static void addresses_that_tell_nobody_are_refused(void **state)
{
	static const char *const BAD[] = {"mail.truong.lan", "http://a/b", "smtp://",
	    "smtp://a:0", "smtp://a:70000", "smtp://@a", "smtp://a b", "https://u@a/b",
	    "https:///b", "relative/path", "/", "smtp://u:p@a:x"};
	char text[512], told[512];

	(void)state;
	for (size_t i = 0; i < COUNT_OF(BAD); i++) {
		(void)snprintf(text, sizeof text,
		    "%snotify: [{to: \"%s\", address: a@b}]\n", SCHOOL, BAD[i]);
		(void)snprintf(told, sizeof told,
		    "2:15: '%s' tells nobody (write smtp://HOST[:PORT], smtps://USER@HOST, "
		    "https://HOST/PATH, or /PATH/OF/A/COMMAND; a password or token belongs "
		    "into password_file)\n",
		    BAD[i]);
		assert_mistakes(text, NULL, told);
	}
}

static void whom_to_tell_is_read(void **state)
{
	struct config *config = school_config(SCHOOL
	    "notify:\n"
	    "  - {to: \"smtps://hoa@truong.vn@mail.truong.vn:1465\", address: it@truong.vn,\n"
	    "     password_file: /etc/p, events: [report]}\n"
	    "  - {to: \"smtp://[2001:db8::1]:2525\", address: it@truong.vn}\n"
	    "  - {to: https://chat.truong.vn/hook/x?y=z}\n"
	    "  - {to: /usr/local/bin/bao-tin}\n",
	    NULL);
	const struct config_notify_target *all = config->notify.items;

	(void)state;
	assert_int_equal(config->notify.count, 4);
	assert_int_equal(all[0].to.kind, NOTIFY_SMTPS);
	assert_string_equal(all[0].to.user, "hoa@truong.vn");
	assert_string_equal(all[0].to.host, "mail.truong.vn");
	assert_int_equal(all[0].to.port, 1465);
	assert_int_equal(all[0].events.count, 1);
	assert_int_equal(all[0].events.items[0], EVENT_REPORT);
	assert_string_equal(all[1].to.host, "2001:db8::1");
	assert_int_equal(all[1].to.port, 2525);
	assert_int_equal(all[1].events.count, 6);
	assert_int_equal(all[2].to.kind, NOTIFY_HTTPS);
	assert_string_equal(all[2].to.host, "chat.truong.vn");
	assert_int_equal(all[2].to.port, 443);
	assert_int_equal(all[3].to.kind, NOTIFY_COMMAND);
	assert_string_equal(all[3].password_file.text, "");
	config_free(config);
}

static void what_is_not_built_is_refused_with_those_words(void **state)
{
	static const struct {
		const char *text;
		const char *told;
	} CASES[] = {
	    {"server: {certificate: {file: x}}\n",
	        "2:30: 'server.certificate.file' is not built yet; remove the line (default: "
	        "\"\")\n"},
	    {"upstream: {dnssec: on}\n",
	        "2:20: 'upstream.dnssec' is not built yet; remove the line (default: off)\n"},
	    {"console: {listen: []}\n",
	        "2:19: 'console.listen' is not built yet; remove the line (default: "
	        "[\"127.0.0.1:8053\"])\n"},
	};
	char text[512];

	(void)state;
	for (size_t i = 0; i < COUNT_OF(CASES); i++) {
		(void)snprintf(text, sizeof text, "%s%s", SCHOOL, CASES[i].text);
		assert_mistakes(text, NULL, CASES[i].told);
	}
}

static void the_defaults_of_what_is_not_built_are_silent(void **state)
{
	(void)state;
	config_free(school_config(SCHOOL "upstream: {dnssec: no, zones: []}\n", NULL));
}

static void the_privacy_floor_cannot_be_lowered(void **state)
{
	(void)state;
	assert_mistakes(SCHOOL "monitor: {summary: {min_devices: 4}, mode: full}\n", NULL,
	    "2:34: 'monitor.summary.min_devices' is out of range (from 5 to 10000)\n"
	    "2:44: unknown word 'full' (choose one of: aggregate)\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(all_mistakes_of_a_file_are_told_in_one_run),
	    cmocka_unit_test(a_file_that_holds_no_keys_is_told_once),
	    cmocka_unit_test(levels_must_be_given),
	    cmocka_unit_test(time_zones_must_exist),
	    cmocka_unit_test(addresses_are_checked),
	    cmocka_unit_test(upstreams_are_checked),
	    cmocka_unit_test(feeds_are_checked),
	    cmocka_unit_test(tiers_are_checked),
	    cmocka_unit_test(a_tier_without_a_base_is_checked_in_the_same_run),
	    cmocka_unit_test(ranges_that_cross_are_told_and_those_that_hold_others_are_not),
	    cmocka_unit_test(clients_are_checked),
	    cmocka_unit_test(devices_are_checked),
	    cmocka_unit_test(forwarders_are_checked),
	    cmocka_unit_test(names_are_checked),
	    cmocka_unit_test(https_wants_a_certificate_and_a_port_of_its_own),
	    cmocka_unit_test(a_certificate_and_its_key_come_together),
	    cmocka_unit_test(whom_to_tell_is_checked_key_by_key),
	    cmocka_unit_test(addresses_that_tell_nobody_are_refused),
	    cmocka_unit_test(whom_to_tell_is_read),
	    cmocka_unit_test(what_is_not_built_is_refused_with_those_words),
	    cmocka_unit_test(the_defaults_of_what_is_not_built_are_silent),
	    cmocka_unit_test(the_privacy_floor_cannot_be_lowered),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
