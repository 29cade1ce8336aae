/* school -- a folder with a school's configuration, for the tests of conf. */
#ifndef TEST_UNIT_CONF_SCHOOL_H
#define TEST_UNIT_CONF_SCHOOL_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "conf/config.h"

struct school {
	char folder[64];
	char file[96];
	char overrides[128];
};

static inline void school_write(const char *path, const char *text)
{
	assert_int_equal(file_write_atomic(path, slice_of(text), 0600), OK);
}

/* `overrides` may be NULL: no such file. */
static inline struct school school_open(const char *text, const char *overrides)
{
	struct school s = {.folder = "/tmp/lachan-test-XXXXXX"};
	char sub[96];

	assert_non_null(mkdtemp(s.folder));
	(void)snprintf(s.file, sizeof s.file, "%s/lachan.yaml", s.folder);
	(void)snprintf(sub, sizeof sub, "%s/lachan.d", s.folder);
	(void)snprintf(s.overrides, sizeof s.overrides, "%s/overrides.yaml", sub);
	assert_int_equal(mkdir(sub, 0700), 0);
	school_write(s.file, text);
	if (overrides != NULL)
		school_write(s.overrides, overrides);
	return s;
}

static inline void school_close(struct school *s)
{
	(void)unlink(s->file);
	(void)unlink(s->overrides);
	*strrchr(s->overrides, '/') = 0;
	(void)rmdir(s->overrides);
	(void)rmdir(s->folder);
}

/* The configuration of these texts, which must be free of mistakes. */
static inline struct config *school_config(const char *text, const char *overrides)
{
	struct school s = school_open(text, overrides);
	struct diags all = DIAGS_NONE;
	struct config *config;

	enum err rc = config_load(&config, s.file, &all);
	diags_print(&all, stderr);
	assert_int_equal(rc, OK);
	assert_int_equal(all.count, 0);
	school_close(&s);
	diags_deinit(&all);
	return config;
}

/* "LINE:COLUMN: TEXT\n" of every mistake, as one text of the caller's to free. */
static inline char *mistakes_text(const struct diags *all)
{
	struct buf out = BUF_INIT(1 << 20);

	for (size_t i = 0; i < all->count; i++)
		buf_printf(&out, "%u:%u: %s\n", all->items[i].line, all->items[i].column,
		    all->items[i].text);
	char *text = strdup(buf_cstr(&out));
	buf_deinit(&out);
	return text;
}

/* These texts have exactly these mistakes. */
static inline void assert_mistakes(
    const char *text, const char *overrides, const char *told)
{
	struct school s = school_open(text, overrides);
	struct diags all = DIAGS_NONE;
	struct config *config;

	assert_int_equal(config_load(&config, s.file, &all), ERR_CONFIG);
	assert_null(config);
	char *found = mistakes_text(&all);
	assert_string_equal(found, told);
	free(found);
	school_close(&s);
	diags_deinit(&all);
}

#endif
