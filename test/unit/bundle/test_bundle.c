/* What is read and written of bundles, and which may follow which. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/file.h"
#include "bundle/bundle.h"

#define ZEROS "0000000000000000000000000000000000000000000000000000000000000000"

static struct sign_key key_of(uint8_t first)
{
	uint8_t seed[SIGN_KEY_BYTES];
	struct sign_key key;

	for (size_t i = 0; i < sizeof seed; i++)
		seed[i] = (uint8_t)(first + i);
	assert_int_equal(sign_key_make(&key, seed), OK);
	return key;
}

static const char LISTS[] = "list tinh-ca-cuoc gambling\n"
                            "# đề cử 17, 2026-11-20\n"
                            "casino.example\n"
                            "xn--bc-wja.example\n"
                            "list tinh-khac adult\n"
                            "adult.example\n";

/* One of everything. */
static void sample(struct bundle *out)
{
	static struct bundle_tier mandatory[] = {
	    {"primary", {"adult", "gambling"}, 2},
	    {"lower_secondary", {"adult"}, 1},
	};
	static struct bundle_tier block[] = {{"primary", {"social_network"}, 1}};
	static struct bundle_feed feeds[] = {
	    {true, "tinh-feed", "adult", "domains", false, "",
	        "https://so.example/adult.txt"},
	    {false, "tinh-games", "games", "hosts", true, ZEROS,
	        "http://so.example/games?a=b"},
	};
	static struct bundle_list lists[] = {
	    {"tinh-ca-cuoc", "gambling", 2}, {"tinh-khac", "adult", 1}};
	static struct name_buf name;
	static struct dname never_block[1];

	assert_int_equal(name_from_text(&name, slice_of("truong.edu.vn"), NULL), OK);
	never_block[0] = name_of(&name);
	*out = (struct bundle){
	    .name = "lam-dong",
	    .serial = 12,
	    .created_s = INT64_C(1795330800),
	    .expires_s = INT64_C(1803106800),
	    .title = "Sở Giáo dục và Đào tạo Lâm Đồng",
	    .mandatory = mandatory,
	    .mandatory_count = 2,
	    .block = block,
	    .block_count = 1,
	    .never_block = never_block,
	    .never_block_count = 1,
	    .feeds = feeds,
	    .feed_count = 2,
	    .lists = lists,
	    .list_count = 2,
	    .lists_bytes = sizeof LISTS - 1,
	};
	assert_int_equal(bundle_digest(out->lists_sha256, slice_of(LISTS)), OK);
}

static struct buf written(uint8_t key_byte)
{
	struct buf text = BUF_INIT(BUNDLE_TEXT_MAX);
	struct sign_key key = key_of(key_byte);
	struct bundle b;
	struct diag why = {.text = ""};

	sample(&b);
	assert_int_equal(bundle_write(&b, &key, &text, &why), OK);
	buf_text(&text, LISTS);
	assert_int_equal(buf_status(&text), OK);
	return text;
}

static void what_is_written_reads_back(void **state)
{
	(void)state;
	struct buf text = written(1);
	struct bundle b;
	struct sign_key key = key_of(1);
	struct sign_public public = sign_public_of(&key);
	char never[NAME_TEXT_MAX];

	assert_int_equal(bundle_read(&b, buf_slice(&text), NULL), OK);
	assert_string_equal(b.name, "lam-dong");
	assert_int_equal(b.serial, 12);
	assert_int_equal(b.created_s, INT64_C(1795330800));
	assert_int_equal(b.expires_s, INT64_C(1803106800));
	assert_int_equal(b.mandatory_count, 2);
	assert_string_equal(b.mandatory[0].tier, "primary");
	assert_int_equal(b.mandatory[0].count, 2);
	assert_string_equal(b.mandatory[0].categories[1], "gambling");
	assert_string_equal(b.block[0].categories[0], "social_network");
	name_to_text(never, b.never_block[0]);
	assert_string_equal(never, "truong.edu.vn");
	assert_true(b.feeds[0].required);
	assert_string_equal(b.feeds[0].sha256, "");
	assert_false(b.feeds[1].required);
	assert_true(b.feeds[1].exact);
	assert_string_equal(b.feeds[1].sha256, ZEROS);
	assert_int_equal(b.lists[0].entries, 2);
	assert_int_equal(b.lists_bytes, sizeof LISTS - 1);
	assert_int_equal(bundle_verify(&b, buf_slice(&text), &public, NULL), OK);
	bundle_deinit(&b);
	buf_deinit(&text);
}

/* The vector of docs/formats/bundle.md: the key's seed is 00 01 … 1f. */
static void the_vector_of_the_format_page_is_what_we_write(void **state)
{
	(void)state;
	struct buf ours = written(0);
	struct buf theirs = BUF_INIT(BUNDLE_TEXT_MAX);

	assert_int_equal(
	    file_read(TEST_SOURCE_DIR "/test/unit/bundle/vector.txt", &theirs), OK);
	assert_int_equal(ours.len, theirs.len);
	assert_memory_equal(ours.ptr, theirs.ptr, ours.len);
	buf_deinit(&ours);
	buf_deinit(&theirs);
}

static enum err read_all(struct slice text, size_t step, struct diag *why)
{
	struct bundle_reader *r;

	assert_int_equal(bundle_reader_new(&r), OK);
	enum err rc = OK;
	for (size_t at = 0; rc == OK && at < text.len; at += step) {
		size_t n = text.len - at < step ? text.len - at : step;
		rc = bundle_reader_push(r, (struct slice){text.ptr + at, n}, why);
	}
	if (rc == OK)
		rc = bundle_reader_finish(r, why);
	if (rc == OK)
		assert_non_null(bundle_reader_manifest(r));
	bundle_reader_free(r);
	return rc;
}

static void pieces_of_any_size_read_alike(void **state)
{
	(void)state;
	static const size_t steps[] = {1, 2, 3, 7, 64, 1000, 100000};
	struct buf text = written(1);
	struct diag why = {.text = ""};

	for (size_t i = 0; i < sizeof steps / sizeof *steps; i++)
		assert_int_equal(read_all(buf_slice(&text), steps[i], &why), OK);
	buf_deinit(&text);
}

/* Whatever octet is changed: no reader, no signature, or no digest takes it. */
static void no_changed_octet_is_believed(void **state)
{
	(void)state;
	struct buf text = written(1);
	struct sign_key key = key_of(1);
	struct sign_public public = sign_public_of(&key);
	struct bundle b;

	for (size_t i = 0; i < text.len; i++) {
		text.ptr[i] ^= 1;
		if (read_all(buf_slice(&text), 4096, NULL) == OK) {
			assert_int_equal(bundle_read(&b, buf_slice(&text), NULL), OK);
			assert_int_not_equal(
			    bundle_verify(&b, buf_slice(&text), &public, NULL), OK);
			bundle_deinit(&b);
		}
		text.ptr[i] ^= 1;
	}
	buf_deinit(&text);
}

static void no_shorter_text_is_believed(void **state)
{
	(void)state;
	struct buf text = written(1);

	for (size_t n = 0; n < text.len; n++)
		assert_int_not_equal(read_all((struct slice){text.ptr, n}, 512, NULL), OK);
	buf_text(&text, "x.example\n");
	assert_int_equal(read_all(buf_slice(&text), 512, NULL), ERR_FORMAT);
	buf_deinit(&text);
}

static void another_key_is_told_by_its_name(void **state)
{
	(void)state;
	struct buf text = written(1);
	struct sign_key other = key_of(9);
	struct sign_public public = sign_public_of(&other);
	struct diag why = {.text = ""};
	struct bundle b;

	assert_int_equal(bundle_read(&b, buf_slice(&text), NULL), OK);
	assert_int_equal(bundle_verify(&b, buf_slice(&text), &public, &why), ERR_DENIED);
	assert_non_null(strstr(why.text, "signed by another key"));
	bundle_deinit(&b);
	buf_deinit(&text);
}

/* One line of a manifest in place of another; what comes of reading it. */
static enum err with_line(const char *line, const char *instead)
{
	struct buf text = written(1);
	struct buf changed = BUF_INIT(BUNDLE_TEXT_MAX);
	struct bundle b;
	struct diag why = {.text = ""};

	const char *all = buf_cstr(&text);
	const char *at = strstr(all, line);
	assert_non_null(at);
	buf_append(&changed, (struct slice){(const uint8_t *)all, (size_t)(at - all)});
	buf_text(&changed, instead);
	buf_text(&changed, at + strlen(line));
	enum err rc = bundle_read(&b, buf_slice(&changed), &why);
	if (rc == OK)
		bundle_deinit(&b);
	else
		assert_true(why.text[0] != 0);
	buf_deinit(&text);
	buf_deinit(&changed);
	return rc;
}

static void every_line_has_one_form(void **state)
{
	(void)state;
	static const char *const pairs[][2] = {
	    {"lachan-bundle 1\n", "lachan-bundle 2\n"},
	    {"name lam-dong", "name lam_dong"},
	    {"name lam-dong", "name "},
	    {"serial 12", "serial 012"},
	    {"serial 12", "serial 0"},
	    {"serial 12", "serial 9007199254740992"},
	    {"serial 12", "serial +1"},
	    {"serial 12\n", ""},
	    {"serial 12\n", "serial 12\nserial 12\n"},
	    {"created 2026-11-22", "created 2026-11-31"},
	    {"created 2026", "created 1969"},
	    {"expires 2027", "expires 2025"},
	    {"title S", "title \001"},
	    {"title S", "title \xff"},
	    {"mandatory primary adult gambling", "mandatory primary"},
	    {"mandatory primary adult gambling", "mandatory primary adult adult"},
	    {"mandatory primary adult gambling", "mandatory primary adult  gambling"},
	    {"mandatory primary adult gambling", "mandatory primary adult gambling "},
	    {"mandatory lower_secondary", "mandatory primary"},
	    {"mandatory primary adult", "block primary adult"},
	    {"never-block truong.edu.vn", "never-block Truong.edu.vn"},
	    {"never-block truong.edu.vn", "never-block truong.edu.vn."},
	    {"never-block truong.edu.vn", "never-block vn"},
	    {"feed required tinh-feed", "feed wanted tinh-feed"},
	    {"feed required tinh-feed adult", "feed required tinh-feed allow"},
	    {"feed offered tinh-games", "feed offered tinh-feed"},
	    {"domains subtree", "bundle subtree"},
	    {"domains subtree", "domains below"},
	    {"https://so.example/adult.txt", "http://so.example/adult.txt"},
	    {"https://so.example/adult.txt", "file:///etc/passwd"},
	    {"https://so.example/adult.txt", "https://so.example/a b"},
	    {"list tinh-khac adult 1", "list tinh-khac allow 1"},
	    {"list tinh-khac adult 1", "list tinh-ca-cuoc adult 1"},
	    {"list tinh-khac adult 1", "list tinh-khac adult 99999999999"},
	    {"lists ", "lists 0"},
	    {"signature ", "signature A"},
	    {"signature ", "sign "},
	};

	for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
		if (with_line(pairs[i][0], pairs[i][1]) != ERR_FORMAT)
			fail_msg("\"%s\" was taken for \"%s\"", pairs[i][1], pairs[i][0]);
	}
	assert_int_equal(with_line("serial 12", "serial 13"), OK); /* the signature tells */
}

static void lists_must_be_those_of_the_manifest(void **state)
{
	(void)state;
	static const char *const wrong[] = {
	    "list tinh-ca-cuoc gambling\ncasino.example\nlist tinh-khac adult\na.example\n",
	    "list tinh-khac adult\nadult.example\nlist tinh-ca-cuoc gambling\na.b\nb.c\n",
	    "casino.example\n",
	    "list tinh-ca-cuoc gambling\nCasino.example\n",
	    "list tinh-ca-cuoc gambling\ncasino.example\nb.example\nlist tinh-khac adult\nadult.example",
	    "",
	};
	struct sign_key key = key_of(1);

	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		struct buf text = BUF_INIT(BUNDLE_TEXT_MAX);
		struct diag why = {.text = ""};
		struct bundle b;
		sample(&b);
		b.lists_bytes = strlen(wrong[i]);
		assert_int_equal(bundle_digest(b.lists_sha256, slice_of(wrong[i])), OK);
		assert_int_equal(bundle_write(&b, &key, &text, NULL), OK);
		buf_text(&text, wrong[i]);
		assert_int_equal(read_all(buf_slice(&text), 10, &why), ERR_FORMAT);
		assert_true(why.text[0] != 0);
		buf_deinit(&text);
	}
}

static void what_could_not_be_read_is_not_written(void **state)
{
	(void)state;
	struct buf text = BUF_INIT(BUNDLE_TEXT_MAX);
	struct sign_key key = key_of(1);
	struct diag why = {.text = ""};
	struct bundle b;

	sample(&b);
	b.title = "two\nlines";
	assert_int_equal(bundle_write(&b, &key, &text, &why), ERR_FORMAT);
	assert_int_equal(text.len, 0);
	buf_deinit(&text);
}

/* ---- which may follow ----------------------------------------------------------------------- */

static enum err judged(uint64_t serial, const char *name, const char *sha, int64_t now_s,
    const struct bundle_seen *seen, const char *sentence)
{
	struct diag why = {.text = ""};
	struct bundle b;

	sample(&b);
	b.key = sign_public_of(&(struct sign_key){.public = {{7}}});
	b.serial = serial;
	b.name = name;
	enum err rc = bundle_judge(&b, sha, seen, now_s, &why);
	if (sentence != NULL)
		assert_non_null(strstr(why.text, sentence));
	return rc;
}

static void older_foreign_and_expired_ones_are_refused(void **state)
{
	(void)state;
	const int64_t now_s = INT64_C(1795330800);
	struct bundle_seen seen = {
	    .key = {{7}}, .name = "lam-dong", .serial = 12, .sha256 = ZEROS};
	struct bundle_seen none = {.serial = 0};

	assert_int_equal(judged(1, "lam-dong", "f", now_s, &none, NULL), OK);
	assert_int_equal(judged(13, "lam-dong", "f", now_s, &seen, NULL), OK);
	assert_int_equal(judged(12, "lam-dong", ZEROS, now_s, &seen, NULL), OK);
	assert_int_equal(
	    judged(12, "lam-dong", "f", now_s, &seen, "other content"), ERR_DENIED);
	assert_int_equal(
	    judged(11, "lam-dong", "f", now_s, &seen, "older than 12"), ERR_DENIED);
	assert_int_equal(
	    judged(13, "ha-noi", "f", now_s, &seen, "is the bundle ha-noi"), ERR_DENIED);
	assert_int_equal(
	    judged(13, "lam-dong", "f", INT64_C(1803106800), &seen, "has expired"),
	    ERR_DENIED);
	assert_int_equal(judged(13, "lam-dong", "f", INT64_C(1803106799), &seen, NULL), OK);
	seen.key.bytes[0] = 8; /* another key is configured: another beginning */
	assert_int_equal(judged(1, "ha-noi", "f", now_s, &seen, NULL), OK);
}

static void a_torn_note_of_what_was_seen_is_none(void **state)
{
	(void)state;
	struct sign_key key = key_of(3);
	struct bundle_seen seen = {.key = sign_public_of(&key),
	    .name = "lam-dong",
	    .serial = BUNDLE_SERIAL_MAX,
	    .sha256 = ZEROS};
	struct bundle_seen back;
	char text[BUNDLE_SEEN_BYTES];

	bundle_seen_write(text, &seen);
	assert_int_equal(bundle_seen_read(&back, slice_of(text)), OK);
	assert_string_equal(back.name, seen.name);
	assert_int_equal(back.serial, seen.serial);
	assert_true(sign_public_equal(&back.key, &seen.key));
	size_t whole = strlen(text);
	for (size_t n = 0; n < whole; n++) {
		struct slice torn = {(const uint8_t *)text, n};
		assert_int_equal(bundle_seen_read(&back, torn), ERR_FORMAT);
		text[n] ^= 1;
		assert_int_equal(bundle_seen_read(&back, slice_of(text)), ERR_FORMAT);
		text[n] ^= 1;
	}
}

static void a_stage_is_the_same_everywhere(void **state)
{
	(void)state;
	unsigned counts[100] = {0};
	unsigned at;

	/* sha256("lachan-bundle-stage 1\nlam-dong\n12\n68-001"), the first eight octets mod 100 */
	assert_int_equal(bundle_hundredth(&at, "68-001", "lam-dong", 12), OK);
	assert_int_equal(at, 7);
	for (int i = 0; i < 10000; i++) {
		char unit[32];
		(void)snprintf(unit, sizeof unit, "68-%04d", i);
		assert_int_equal(bundle_hundredth(&at, unit, "lam-dong", 12), OK);
		assert_true(at < 100);
		counts[at]++;
	}
	for (size_t i = 0; i < 100; i++) /* 100 each, 10 the standard deviation */
		assert_true(counts[i] > 40 && counts[i] < 160);
}

static void times_are_dates_of_the_calendar(void **state)
{
	(void)state;
	static const int64_t times[] = {0, 951782400, 951868799, 1709164800, 4107542400,
	    INT64_C(253402300799), 1795330800};
	static const char *const none[] = {"2026-02-29T00:00:00Z", "2026-11-22T24:00:00Z",
	    "2026-11-22 07:00:00Z", "2026-11-22T07:00:00", "2026-13-01T00:00:00Z",
	    "2026-00-01T00:00:00Z", "+026-11-22T07:00:00Z", "2026-11-22T07:00:60Z"};
	char text[BUNDLE_TIME_BYTES];
	int64_t back;

	for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
		bundle_time_text(text, times[i]);
		assert_true(bundle_time_read(&back, slice_of(text)));
		assert_int_equal(back, times[i]);
	}
	bundle_time_text(text, 951782400);
	assert_string_equal(text, "2000-02-29T00:00:00Z");
	for (size_t i = 0; i < sizeof none / sizeof *none; i++)
		assert_false(bundle_time_read(&back, slice_of(none[i])));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_is_written_reads_back),
	    cmocka_unit_test(the_vector_of_the_format_page_is_what_we_write),
	    cmocka_unit_test(pieces_of_any_size_read_alike),
	    cmocka_unit_test(no_changed_octet_is_believed),
	    cmocka_unit_test(no_shorter_text_is_believed),
	    cmocka_unit_test(another_key_is_told_by_its_name),
	    cmocka_unit_test(every_line_has_one_form),
	    cmocka_unit_test(lists_must_be_those_of_the_manifest),
	    cmocka_unit_test(what_could_not_be_read_is_not_written),
	    cmocka_unit_test(older_foreign_and_expired_ones_are_refused),
	    cmocka_unit_test(a_torn_note_of_what_was_seen_is_none),
	    cmocka_unit_test(a_stage_is_the_same_everywhere),
	    cmocka_unit_test(times_are_dates_of_the_calendar),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
