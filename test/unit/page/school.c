#include "school.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/file.h"

static const char *const tier_names[7] = {"preschool", "primary", "lower_secondary",
    "upper_secondary", "continuing_education", "guest", "staff"};

static struct conf_text text(const char *t)
{
	return (struct conf_text){.text = t};
}

static void fill_config(struct school *s)
{
	struct config *config = &s->config;

	for (size_t i = 0; i < 7; i++)
		s->tiers[i] = (struct rules_tier){.name = text(tier_names[i]),
		    .name_vi = text(tier_names[i]),
		    .name_en = text(tier_names[i]),
		    .strictness = 70 - 10 * i,
		    .pupils = i < 5};
	s->languages[0] = LANGUAGE_VI;
	s->languages[1] = LANGUAGE_EN;
	config->tiers.items = s->tiers;
	config->tiers.count = 7;
	config->default_tier = 2;
	config->school.languages.items = s->languages;
	config->school.languages.count = 2;
	s->groups[0].name = text("phong-tin-1");
	s->groups[1].name = text("phong-tin-2");
	config->filter.groups.items = s->groups;
	config->filter.groups.count = 2;
	s->levels[0] = text("primary");
	s->levels[1] = text("lower_secondary");
	config->school.levels.items = s->levels;
	config->school.levels.count = 2;
	config->school.name = text("THCS Nguyễn \"Du\" <Huế>");
	config->school.hotline = text("111");
	config->school.contact.room = text("Phòng 12");
	config->school.contact.phone = text("0234 567 890");
	config->school.contact.zalo = text("");
	config->school.contact.email = text("tuvan@truong.example");
	config->school.contact.facebook = text("");
	config->pages.portal.name.text = "lachan.internal";
	config->pages.teacher_open_ms = 45 * 60000;
	(void)snprintf(config->version, sizeof config->version, "1a2b3c4d");
}

void school_open(struct school *s)
{
	struct diags all = DIAGS_NONE;

	memset(s, 0, sizeof *s);
	fill_config(s);
	enum err rc = texts_load(&s->texts, TEST_SOURCE_DIR "/rules/pages.yaml", &all);
	diags_print(&all, stderr);
	diags_deinit(&all);
	assert_int_equal(rc, OK);
	assert_int_equal(look_init(&s->look), OK);
}

void school_close(struct school *s)
{
	texts_free(s->texts);
}

static bool shows_name(const char *tier)
{
	return strcmp(tier, "upper_secondary") == 0 || strcmp(tier, "staff") == 0 ||
	    strcmp(tier, "continuing_education") == 0;
}

struct occasion school_occasion(const struct school *s, struct verdict_answer *answer,
    const char *tier, const char *category, enum config_language language)
{
	struct texts_category found = {.sensitive = false};

	*answer = (struct verdict_answer){.reason = VERDICT_BY_CATEGORY, .blocked = true};
	snprintf(answer->tier, sizeof answer->tier, "%s", tier);
	snprintf(answer->category, sizeof answer->category, "%s", category);
	snprintf(answer->rule, sizeof answer->rule, "%s", "ut1-list");
	(void)texts_find_category(s->texts, category, &found);
	answer->sensitive = found.sensitive;
	answer->locked =
	    strcmp(category, "illegal_vn") == 0 || strcmp(category, "child_abuse") == 0;
	answer->openable = !answer->locked && !answer->sensitive &&
	    strcmp(category, "malware") != 0 && strcmp(category, "phishing_scam") != 0;
	answer->name_shown = shows_name(tier);
	return (struct occasion){.texts = s->texts,
	    .look = &s->look,
	    .config = &s->config,
	    .answer = answer,
	    .domain = "www.example-site.com",
	    .language = language,
	    .by_name = true,
	    .now_s = 1795000000,
	    .random = 123456789};
}

void school_dump(const char *name, struct slice page)
{
	const char *folder = getenv("PAGE_DUMP");
	char path[FILE_PATH_BYTES];

	if (folder == NULL)
		return;
	assert_int_equal(path_join(path, sizeof path, folder, name), OK);
	assert_int_equal(file_write_atomic(path, page, 0644), OK);
}
