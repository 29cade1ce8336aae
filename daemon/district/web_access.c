#include "district/web_access.h"

enum {
	OPERATOR = 1 << ACCOUNT_OPERATOR,
	VIEWER = 1 << ACCOUNT_VIEWER,
	EDUCATION = 1 << ACCOUNT_EDUCATION,
	ICT = 1 << ACCOUNT_ICT,
	POLICE = 1 << ACCOUNT_POLICE,
	CHILD_AFFAIRS = 1 << ACCOUNT_CHILD_AFFAIRS,
	YOUTH_UNION = 1 << ACCOUNT_YOUTH_UNION,
	EVERYBODY =
	    OPERATOR | VIEWER | EDUCATION | ICT | POLICE | CHILD_AFFAIRS | YOUTH_UNION
};

static const unsigned roles_of[PAGE_SECTIONS] = {
    [SECTION_COVERAGE] = EVERYBODY,
    [SECTION_CATEGORIES] = EVERYBODY,
    [SECTION_UNITS] = EVERYBODY,
    [SECTION_REPORTS] = EVERYBODY,
    [SECTION_NAMES] = OPERATOR | VIEWER | EDUCATION | ICT | POLICE,
    [SECTION_FAILURES] = OPERATOR | VIEWER | EDUCATION | ICT,
    [SECTION_NOMINATIONS] = OPERATOR | EDUCATION | ICT | POLICE,
    [SECTION_BUNDLES] = OPERATOR | EDUCATION | ICT,
    [SECTION_QUICK_REPORTS] = OPERATOR | EDUCATION | POLICE | CHILD_AFFAIRS,
};

unsigned web_access_roles(enum page_section section)
{
	return section < PAGE_SECTIONS ? roles_of[section] : EVERYBODY;
}

unsigned web_access_sections(unsigned roles)
{
	unsigned sections = 0;

	for (unsigned i = 0; i < PAGE_SECTIONS; i++)
		if ((roles_of[i] & roles) != 0)
			sections |= 1U << i;
	return sections;
}
