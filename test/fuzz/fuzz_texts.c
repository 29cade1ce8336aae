/* One line of rules/pages.yaml replaced by anything, or anything as the whole file. What is
 * accepted must make whole pages: no markup out of words, no placeholder left, 111 on each. */
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "page/portal.h"
#include "page/warning.h"

static struct buf shipped;

static void must(bool holds)
{
	if (!holds)
		abort();
}

/* "37\nTEXT": TEXT in place of line 37. Without a number the input is the file. */
static void make_file(struct buf *out, const uint8_t *data, size_t size)
{
	struct slice rest = {data, size}, file = buf_slice(&shipped);
	struct slice number = slice_cut(&rest, '\n');
	uint64_t wanted;

	if (rest.ptr == NULL || !slice_to_u64(number, 100000, &wanted)) {
		buf_append(out, (struct slice){data, size});
		return;
	}
	for (uint64_t line = 1; file.ptr != NULL && buf_status(out) == OK; line++) {
		struct slice old = slice_cut(&file, '\n');
		buf_append(out, line == wanted ? rest : old);
		buf_byte(out, '\n');
	}
}

static void check_page(const char *page)
{
	const char *body = strstr(page, "<body");

	must(body != NULL && strstr(body, "</html>") != NULL);
	must(strstr(page, "<script") == NULL && strpbrk(body, "{}") == NULL);
	must(strstr(body, "111") != NULL);
}

static void read_pages(const struct texts *texts, const char *tier, const char *category)
{
	static struct look look;
	static enum config_language languages[] = {LANGUAGE_VI, LANGUAGE_EN};
	struct rules_tier tiers[1] = {{.name = {.text = tier},
	    .name_vi = {.text = "Một cấp <học>"},
	    .name_en = {.text = "A \"level\""}}};
	struct config config = {.tiers = {.items = tiers, .count = 1},
	    .school = {.languages = {.items = languages, .count = 2},
	        .name = {.text = "THCS & <b>"},
	        .hotline = {.text = "111"},
	        .contact = {{.text = "P. 12"}, {.text = "0"}, {.text = ""}, {.text = ""},
	            {.text = ""}}},
	    .pages = {.portal = {.name = {.text = "lachan.internal"}}}};
	struct verdict_answer answer = {
	    .blocked = true, .name_shown = true, .reason = VERDICT_BY_CATEGORY};
	struct occasion occasion = {.texts = texts,
	    .look = &look,
	    .config = &config,
	    .answer = &answer,
	    .domain = "\"><script>.example",
	    .now_s = 1795000000};
	struct buf page = BUF_INIT(VIEW_MAX_BYTES);

	if (look.style == NULL)
		must(look_init(&look) == OK);
	memcpy(answer.tier, tier, strlen(tier) + 1);
	memcpy(answer.category, category, strlen(category) + 1);
	for (unsigned how = 0; how < 4; how++) {
		occasion.language = how & 1 ? LANGUAGE_EN : LANGUAGE_VI;
		occasion.standing = (struct standing){how > 1, how > 1, how > 1};
		buf_reset(&page);
		warning_write(&page, &occasion);
		if (buf_status(&page) == OK)
			check_page(buf_cstr(&page));
	}
	buf_deinit(&page);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf file = BUF_INIT(1 << 20);
	struct diags all = DIAGS_NONE;
	struct texts *texts = NULL;

	if (shipped.len == 0) {
		shipped = BUF_INIT(1 << 20);
		must(file_read(RULES_DIR "/pages.yaml", &shipped) == OK);
	}
	make_file(&file, data, size);
	enum err rc = texts_parse(&texts, buf_slice(&file), "pages.yaml", &all);
	must((rc == OK) == (texts != NULL));
	must(rc == OK || all.errors > 0);
	if (rc == OK) {
		read_pages(texts, "preschool", "games");
		read_pages(texts, "primary", "self_harm");
		read_pages(texts, "upper_secondary", "gambling");
		read_pages(texts, "staff", "malware");
	}
	texts_free(texts);
	diags_deinit(&all);
	buf_deinit(&file);
	return 0;
}
