/* The portal: what it says of a device, what it offers to whom, and the poster. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/file.h"
#include "page/gzip.h"
#include "page/portal.h"
#include "page/poster.h"
#include "plain.h"
#include "school.h"

enum {
	PAGE_GZIP_LIMIT = 30 * 1024
};

static const char *const tiers[] = {"preschool", "primary", "lower_secondary",
    "upper_secondary", "continuing_education", "guest", "staff", NULL};

/* One page of the portal: as HTML, and as it is read. */
struct seen {
	struct verdict_answer answer;
	struct occasion occasion;
	struct buf html, text;
};

static struct seen begin(const struct school *s, const char *tier)
{
	struct seen seen = {
	    .html = BUF_INIT(VIEW_MAX_BYTES), .text = BUF_INIT(VIEW_MAX_BYTES)};

	seen.occasion = school_occasion(s, &seen.answer, tier, "", LANGUAGE_VI);
	seen.answer.blocked = false;
	seen.answer.reason = VERDICT_BY_PORTAL;
	return seen;
}

static void look(struct seen *seen, enum portal_page page)
{
	buf_reset(&seen->html);
	buf_reset(&seen->text);
	if (seen->occasion.answer != NULL)
		seen->occasion.answer = &seen->answer;
	portal_write(&seen->html, &seen->occasion, page);
	assert_int_equal(buf_status(&seen->html), OK);
	plain_text(&seen->text, buf_cstr(&seen->html));
}

static void end(struct seen *seen)
{
	buf_deinit(&seen->html);
	buf_deinit(&seen->text);
}

static bool says(struct seen *seen, const char *words)
{
	return strstr(buf_cstr(&seen->text), words) != NULL;
}

static bool links_to(struct seen *seen, const char *path)
{
	char link[128];

	(void)snprintf(link, sizeof link, "href=\"%s\"", path);
	return strstr(buf_cstr(&seen->html), link) != NULL;
}

static void a_device_is_told_whether_it_is_protected(void **state)
{
	struct seen seen = begin(*state, "lower_secondary");

	look(&seen, PORTAL_STATUS);
	assert_true(says(&seen, "Thiết bị này: Trung học cơ sở, được bảo vệ\n"));
	assert_false(says(&seen, "chưa được khai báo"));
	seen.occasion.by_name = false;
	look(&seen, PORTAL_STATUS);
	assert_true(says(&seen, "chưa rõ có được bảo vệ không"));
	assert_true(says(&seen, "Nếu liên kết trên không mở được"));
	seen.occasion.by_name = true;
	seen.occasion.answer = NULL;
	look(&seen, PORTAL_STATUS);
	assert_true(says(&seen, "chưa rõ có được bảo vệ không"));
	end(&seen);
}

static void a_pause_and_a_trial_protect_by_half(void **state)
{
	struct seen seen = begin(*state, "primary");

	seen.answer.paused_until_s = seen.occasion.now_s + 60;
	look(&seen, PORTAL_STATUS);
	assert_true(says(&seen, "Thiết bị này: Tiểu học, được bảo vệ một phần"));
	assert_true(says(&seen, "Bộ lọc đang tạm dừng đến "));
	seen.answer.paused_until_s = seen.occasion.now_s - 1;
	look(&seen, PORTAL_STATUS);
	assert_false(says(&seen, "tạm dừng"));
	seen.answer.trial = true;
	look(&seen, PORTAL_STATUS);
	assert_true(says(&seen, "được bảo vệ một phần"));
	assert_true(says(&seen, "Bộ lọc đang chạy thử"));
	end(&seen);
}

static void who_nobody_claims_and_who_signed_in_is_told(void **state)
{
	struct seen seen = begin(*state, "staff");

	seen.answer.by_default = true;
	look(&seen, PORTAL_STATUS);
	assert_true(says(&seen, "chưa được khai báo nên dùng mức lọc chặt nhất"));
	seen.answer.staff_until_s = seen.occasion.now_s + 60;
	seen.occasion.standing.teacher = true;
	look(&seen, PORTAL_STATUS);
	assert_true(says(&seen, "mức lọc của cán bộ, giáo viên đến "));
	assert_false(says(&seen, "chặt nhất"));
	assert_true(says(&seen, "Kết thúc ngay"));
	end(&seen);
}

static void forms_are_linked_only_while_somebody_answers(void **state)
{
	static const char *const paths[] = {"/lachan/review", "/lachan/report",
	    "/lachan/answer", "/lachan/staff", "/lachan/open", "/lachan/quick"};

	for (size_t t = 0; tiers[t] != NULL; t++)
		for (unsigned standing = 0; standing < 8; standing++) {
			struct seen seen = begin(*state, tiers[t]);
			bool tiny = t == 0, staff = tiers[t + 1] == NULL;
			bool review = (standing & 1) != 0, report = (standing & 2) != 0,
			     teacher = (standing & 4) != 0;
			const bool wanted[] = {review && !tiny, report && !tiny,
			    (review || report) && !tiny, teacher, teacher && staff,
			    teacher && staff};
			seen.occasion.standing = (struct standing){review, report, teacher};
			look(&seen, PORTAL_FIRST);
			for (size_t i = 0; i < COUNT_OF(paths); i++)
				assert_int_equal(links_to(&seen, paths[i]), wanted[i]);
			assert_true(seen.html.len > 0 && says(&seen, "111"));
			end(&seen);
		}
}

/* ---- learning sites ---- */

/* "https://www.name.vn/path": does never-block.txt hold the name, or one above it? */
static bool is_never_blocked(const char *list, const char *url)
{
	struct slice rest = slice_of(url + strlen("https://"));
	struct slice name = slice_cut(&rest, '/');

	while (name.len > 0) {
		char line[300];
		(void)snprintf(
		    line, sizeof line, "\n%.*s ", (int)name.len, (const char *)name.ptr);
		if (strstr(list, line) != NULL)
			return true;
		(void)slice_cut(&name, '.');
		if (name.ptr == NULL)
			break;
	}
	return false;
}

static void every_site_is_never_blocked_and_of_a_known_kind(void **state)
{
	const struct school *s = *state;
	const struct yaml_node *sites = texts_section(s->texts, "learning_sites");
	struct buf list = BUF_INIT(1 << 20);

	assert_int_equal(file_read(TEST_SOURCE_DIR "/rules/never-block.txt", &list), OK);
	for (size_t i = 0; i < sites->count; i++) {
		const char *url = yaml_text(&sites->items[i], "url", "");
		if (strncmp(url, "https://", 8) != 0 ||
		    !is_never_blocked(buf_cstr(&list), url))
			fail_msg("%s is not under rules/never-block.txt", url);
		assert_non_null(texts_pair(
		    s->texts, "site_kinds", yaml_text(&sites->items[i], "kind", "")));
		const struct yaml_node *readers = yaml_find(&sites->items[i], "tiers");
		for (size_t k = 0; k < readers->count; k++) {
			struct texts_tier found;
			assert_true(
			    texts_find_tier(s->texts, readers->items[k].text, &found));
		}
	}
	assert_false(is_never_blocked(buf_cstr(&list), "https://unlisted.example/"));
	buf_deinit(&list);
}

static void every_tier_but_the_smallest_has_sites(void **state)
{
	for (size_t t = 0; tiers[t] != NULL; t++) {
		struct seen seen = begin(*state, tiers[t]);
		look(&seen, PORTAL_SITES);
		assert_int_equal(says(&seen, "Sách giáo khoa"), t > 0);
		assert_int_equal(says(&seen, "Bé nhờ cô giáo"), t == 0);
		end(&seen);
	}
}

/* ---- sizes, and the promise in the footer ---- */

static void every_page_is_small_with_every_link_on_it(void **state)
{
	for (size_t t = 0; tiers[t] != NULL; t++)
		for (unsigned page = PORTAL_FIRST; page <= PORTAL_NOT_HERE; page++) {
			struct seen seen = begin(*state, tiers[t]);
			struct buf packed = BUF_INIT(1 << 20);
			seen.occasion.standing = (struct standing){true, true, true};
			look(&seen, (enum portal_page)page);
			assert_int_equal(gzip_append(&packed, buf_slice(&seen.html)), OK);
			assert_true(packed.len < PAGE_GZIP_LIMIT);
			buf_deinit(&packed);
			end(&seen);
		}
}

static void no_promise_is_made_that_may_be_false(void **state)
{
	struct seen seen = begin(*state, "upper_secondary");

	look(&seen, PORTAL_FIRST);
	assert_true(says(&seen, "chỉ xem số liệu chung"));
	seen.answer.recorded = true;
	look(&seen, PORTAL_FIRST);
	assert_false(says(&seen, "chỉ xem số liệu chung"));
	assert_true(says(&seen, "vừa kiểm tra lỗi mạng"));
	seen.answer.diagnosed_until_s = seen.occasion.now_s + 60;
	look(&seen, PORTAL_FIRST);
	assert_true(says(&seen, "đang kiểm tra lỗi mạng đến "));
	seen.occasion.answer = NULL;
	look(&seen, PORTAL_FIRST);
	assert_true(says(&seen, "không hỏi tên và không ghi lại ai đã mở"));
	assert_false(says(&seen, "chỉ xem số liệu chung"));
	end(&seen);
}

/* ---- the poster ---- */

static void the_poster_leads_to_the_portal_in_both_languages(void **state)
{
	struct school *s = *state;
	struct seen seen = begin(s, "staff");

	look(&seen, PORTAL_POSTER);
	assert_true(says(&seen, "Trang không mở được ở trường?"));
	assert_true(says(&seen, "A page will not open at school?"));
	assert_true(says(&seen, "http://lachan.internal/"));
	assert_true(says(&seen, "Gọi 111") && says(&seen, "Call 111"));
	assert_non_null(strstr(buf_cstr(&seen.html), "<svg class=\"qr\""));
	s->config.pages.portal.certificate.file.text = "/etc/portal.pem";
	look(&seen, PORTAL_POSTER);
	assert_true(says(&seen, "https://lachan.internal/"));
	s->config.pages.portal.certificate.file.text = "";
	end(&seen);
}

/* The corner that a reader looks for: seven modules of black, one white, five of ink. */
static void a_code_has_its_quiet_zone_and_its_corners(void **state)
{
	struct buf out = BUF_INIT(64 << 10);

	(void)state;
	assert_true(poster_write_code(&out, "http://lachan.internal/"));
	const char *svg = buf_cstr(&out);
	assert_non_null(strstr(svg, "viewBox=\"0 0 33 33\"")); /* 25 modules and twice 4 */
	assert_non_null(strstr(svg, "M4 4h7v1h-7z"));
	assert_non_null(strstr(svg, "M22 4h7v1h-7z"));
	assert_non_null(strstr(svg, "M4 28h7v1h-7z"));
	assert_non_null(strstr(svg, "M4 5h1v1h-1zM10 5h1v1h-1z"));
	buf_deinit(&out);
}

static int open_all(void **state)
{
	static struct school school;

	school_open(&school);
	*state = &school;
	return 0;
}

static int close_all(void **state)
{
	school_close(*state);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_device_is_told_whether_it_is_protected),
	    cmocka_unit_test(a_pause_and_a_trial_protect_by_half),
	    cmocka_unit_test(who_nobody_claims_and_who_signed_in_is_told),
	    cmocka_unit_test(forms_are_linked_only_while_somebody_answers),
	    cmocka_unit_test(every_site_is_never_blocked_and_of_a_known_kind),
	    cmocka_unit_test(every_tier_but_the_smallest_has_sites),
	    cmocka_unit_test(every_page_is_small_with_every_link_on_it),
	    cmocka_unit_test(no_promise_is_made_that_may_be_false),
	    cmocka_unit_test(the_poster_leads_to_the_portal_in_both_languages),
	    cmocka_unit_test(a_code_has_its_quiet_zone_and_its_corners),
	};
	return cmocka_run_group_tests(tests, open_all, close_all);
}
