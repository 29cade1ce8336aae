/* What must not leave the school in a quick report, and what people write that is nobody's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "desk/identity.h"

static void assert_finds(enum identity want, const char *const *texts)
{
	for (; *texts != NULL; texts++) {
		if (identity_find(*texts) != want)
			fail_msg(
			    "\"%s\" is seen as %d", *texts, (int)identity_find(*texts));
	}
}

static void an_address_is_seen(void **state)
{
	(void)state;
	static const char *const texts[] = {
	    "viết cho mai@truong.edu.vn ngay", "Mai_2012@gmail.com", "x@y.z", NULL};
	assert_finds(IDENTITY_EMAIL, texts);
}

static void a_number_of_somebody_is_seen(void **state)
{
	(void)state;
	static const char *const texts[] = {"gọi 0912345678", "ĐT 0912 345 678",
	    "0912.345.678", "091-234-5678", "+84 912 345 678", "84912345678",
	    "CCCD 079123456789", "CMND 025123456", "tài khoản 1903123456789", NULL};
	assert_finds(IDENTITY_NUMBER, texts);
}

static void a_class_is_seen(void **state)
{
	(void)state;
	static const char *const texts[] = {"học sinh 8A3", "lớp 8A", "10A1", "(12B)",
	    "6C.", "lớp 6/2", "Lớp 7.1", "lop 6/2", "bạn ở 12A10", "9D", NULL};
	assert_finds(IDENTITY_CLASS, texts);
}

static void what_names_nobody_passes(void **state)
{
	(void)state;
	static const char *const texts[] = {"", "Đã mời phụ huynh, báo tổ tư vấn, gọi 111.",
	    "gọi 111, 113, 115", "gọi 111 113 115", "ngày 22/11/2026", "22-11-2026",
	    "22.11.2026", "học sinh lớp 8", "khối 10", "một học sinh THCS", "mạng 4G và 5G",
	    "phim 3D", "lúc 14:30", "14h30", "quy định 830/QĐ-TTg",
	    "Thông tư 18/2025/TT-BGDĐT", "mất 2000000 đồng", "mất 2.000.000 đồng", "@nhom",
	    "a @ b", "3 học sinh", "13A", "12 Apr", "2 lần", "IPv4", "MP3", "1 A", NULL};
	assert_finds(IDENTITY_NONE, texts);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(an_address_is_seen),
	    cmocka_unit_test(a_number_of_somebody_is_seen),
	    cmocka_unit_test(a_class_is_seen),
	    cmocka_unit_test(what_names_nobody_passes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
