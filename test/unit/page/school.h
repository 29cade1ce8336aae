/* A school with all tiers, built by hand, and the texts that ship. */
#ifndef TEST_PAGE_SCHOOL_H
#define TEST_PAGE_SCHOOL_H

#include "page/view.h"

struct school {
	struct config config;
	struct rules_tier tiers[7];
	enum config_language languages[2];
	struct config_group groups[2];
	struct conf_text levels[2];
	struct texts *texts;
	struct look look;
};

/* Fails the test when the texts do not load. */
void school_open(struct school *s);
void school_close(struct school *s);

/* An occasion for this tier and category; `answer` is filled and borrowed by it. */
struct occasion school_occasion(const struct school *s, struct verdict_answer *answer,
    const char *tier, const char *category, enum config_language language);

/* With PAGE_DUMP=FOLDER in the environment the pages can be looked at. */
void school_dump(const char *name, struct slice page);

#endif
