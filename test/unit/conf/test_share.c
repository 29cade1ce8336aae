/* The keys of `share`: what is read, and what is a mistake, where. */
#include "school.h"

#define HEAD "school: {levels: [lower_secondary], unit: thcs-01}\n"
#define HAS  ", token_file: t"

static void recipients_are_read(void **state)
{
	struct config *config = school_config(HEAD
	    "server: {state_dir: /var/x}\n"
	    "share:\n"
	    "  recipients:\n"
	    "    - {name: so-gddt, url: https://thu.so.vn/v1/summaries, token_file: secrets/a}\n"
	    "    - {name: ca_tinh, role: police, url: \"https://[2001:db8::1]:8443/v1/summaries\",\n"
	    "       ca_file: /etc/ca.pem, client_certificate: {file: c.pem, key: /etc/k.pem}}\n"
	    "    - {name: day, role: ict, url: \"http://127.0.0.1:8090/v1/summaries\", token_file: t}\n"
	    "    - {name: local, role: child_affairs, url: \"http://localhost/x\", token_file: t}\n"
	    "  approve: each\n"
	    "  hold: 12h\n"
	    "  delay: 0s\n"
	    "  keep_unsent: 30d\n",
	    NULL);
	const struct config_recipient *all = config->share.recipients.items;

	(void)state;
	assert_int_equal(config->share.recipients.count, 4);
	assert_string_equal(all[0].name.text, "so-gddt");
	assert_int_equal(all[0].role, ROLE_EDUCATION);
	assert_string_equal(all[0].url.host, "thu.so.vn");
	assert_int_equal(all[0].url.port, 443);
	assert_true(all[0].url.tls);
	assert_int_equal(all[0].token_file.text[0], '/');
	assert_int_equal(all[1].role, ROLE_POLICE);
	assert_string_equal(all[1].url.host, "2001:db8::1");
	assert_int_equal(all[1].url.port, 8443);
	assert_int_equal(all[1].client_certificate.file.text[0], '/');
	assert_string_equal(all[1].client_certificate.key.text, "/etc/k.pem");
	assert_false(all[2].url.tls);
	assert_int_equal(all[2].url.port, 8090);
	assert_int_equal(all[3].url.port, 80);
	assert_int_equal(config->share.approve, APPROVE_EACH);
	assert_int_equal(config->share.hold_ms, 12 * 3600 * 1000);
	assert_int_equal(config->share.delay_ms, 0);
	assert_int_equal(config->share.keep_unsent_ms, (uint64_t)30 * 86400 * 1000);
	assert_string_equal(config->share.signing_key.text, "/var/x/signing.key");
	config_free(config);
}

static void without_recipients_nothing_is_wanted(void **state)
{
	struct config *config = school_config(
	    "school: {levels: [lower_secondary]}\nshare: {signing_key: /etc/k}\n", NULL);

	(void)state;
	assert_int_equal(config->share.recipients.count, 0);
	assert_int_equal(config->share.approve, APPROVE_FIRST);
	assert_int_equal(config->share.delay_ms, 4 * 3600 * 1000);
	assert_int_equal(config->share.keep_unsent_ms, (uint64_t)400 * 86400 * 1000);
	assert_string_equal(config->share.signing_key.text, "/etc/k");
	config_free(config);
}

static void addresses_that_receive_nothing_are_refused(void **state)
{
	static const char *const BAD[] = {"ftp://a/v1", "https://", "https:///v1",
	    "https://a", "https://u@a/v1", "https://a:0/v1", "https://a:70000/v1",
	    "https://a/v1?t=secret", "https://a/v1#x", "https://a b/v1", "a/v1/summaries"};
	char text[512], told[512];

	(void)state;
	for (size_t i = 0; i < COUNT_OF(BAD); i++) {
		(void)snprintf(text, sizeof text,
		    HEAD "share: {recipients: [{name: so, url: \"%s\"" HAS "}]}\n", BAD[i]);
		(void)snprintf(told, sizeof told,
		    "2:38: '%s' receives no summaries (write https://HOST/v1/summaries; a "
		    "token belongs into token_file)\n",
		    BAD[i]);
		assert_mistakes(text, NULL, told);
	}
}

static void plain_text_goes_to_this_machine_alone(void **state)
{
	static const char *const BAD[] = {"http://thu.so.vn/v1/summaries",
	    "http://192.168.1.10/v1/summaries", "http://localhost.so.vn/v1/summaries"};
	char text[512], told[512];

	(void)state;
	for (size_t i = 0; i < COUNT_OF(BAD); i++) {
		(void)snprintf(text, sizeof text,
		    HEAD "share: {recipients: [{name: so, url: \"%s\"" HAS "}]}\n", BAD[i]);
		(void)snprintf(told, sizeof told,
		    "2:38: '%s' would carry summaries and the token in plain text (write "
		    "https://; http is for this machine itself: 127.0.0.1, [::1], "
		    "localhost)\n",
		    BAD[i]);
		assert_mistakes(text, NULL, told);
	}
}

static void mistakes_between_keys_are_told_at_their_places(void **state)
{
	(void)state;
	assert_mistakes("school: {levels: [lower_secondary]}\n"
	                "share: {recipients: [{name: so, url: \"https://a/x\"" HAS "}]}\n",
	    NULL,
	    "2:21: 'share.recipients' wants school.unit (`lachanctl enrol FILE` with the "
	    "department's file writes both)\n");
	assert_mistakes("school: {levels: [lower_secondary], unit: \"../x\"}\n", NULL,
	    "1:43: '../x' is no unit's id (use letters without marks, digits, '.', '_' and "
	    "'-', as the department's enrolment file has it)\n");
	assert_mistakes(HEAD "share: {recipients: [{name: so, url: \"https://a/x\"}]}\n",
	    NULL,
	    "2:38: recipient 'so' would not know who sends (name the file with our token in "
	    "token_file, or a client_certificate)\n");
	assert_mistakes(HEAD "share: {recipients: [{name: so, url: \"https://a/x\"" HAS
	                     "}, {name: so, url: \"https://a/x\"" HAS "}]}\n",
	    NULL,
	    "2:76: recipient 'so' stands here twice (first in line 2; give it another "
	    "name)\n"
	    "2:85: 'https://a/x' stands here twice (keep one)\n");
	assert_mistakes(HEAD
	    "share: {recipients: [{name: so, role: banker, url: \"https://a/x\"" HAS
	    ", client_certificate: {file: c}}]}\n",
	    NULL,
	    "2:39: unknown word 'banker' (choose one of: education, ict, police, "
	    "child_affairs, youth_union)\n"
	    "2:109: client_certificate.file wants client_certificate.key beside it (name the "
	    "file with its private key)\n");
	assert_mistakes(HEAD
	    "share: {recipients: [{name: so, url: \"http://127.0.0.1/x\"" HAS
	    ", ca_file: c}], keep_unsent: 1h}\n",
	    NULL,
	    "2:84: 'ca_file' is for https (leave it out)\n"
	    "2:102: 'share.keep_unsent' is out of range (from 1d to 3660d)\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(recipients_are_read),
	    cmocka_unit_test(without_recipients_nothing_is_wanted),
	    cmocka_unit_test(addresses_that_receive_nothing_are_refused),
	    cmocka_unit_test(plain_text_goes_to_this_machine_alone),
	    cmocka_unit_test(mistakes_between_keys_are_told_at_their_places),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
