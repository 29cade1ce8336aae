/* web_access -- which role opens which page of the department's web.
 *
 *	                 operator viewer education ict police child_affairs youth_union
 *	coverage, units     x       x        x      x     x         x           x
 *	categories          x       x        x      x     x         x           x
 *	reports             x       x        x      x     x         x           x
 *	names               x       x        x      x     x
 *	failures            x       x        x      x
 *	nominations         x                x      x     x
 *	bundles             x                x      x
 *	quick reports       x                x            x         x
 *
 * Why: sums and coverage are what every recipient gets anyway, the same bytes (docs/protocol.md). Names of domains are for
 * who examines them: lists of bad sites are no reading for others. Failures, bundles and nominations are the work of who
 * runs the system, and of who answers for rules and for the law. A quick report speaks of one child, without a name: it is
 * for who can help (education, child affairs), for the police, and for the operator who passes it on. Only an operator
 * changes anything. Threads: constant. */
#ifndef DISTRICT_WEB_ACCESS_H
#define DISTRICT_WEB_ACCESS_H

#include "accounts/accounts.h"
#include "district/page.h"

#define WEB_OPERATOR ACCOUNT_BIT(ACCOUNT_OPERATOR)

/* The roles that open it: ACCOUNT_BIT()s. */
unsigned web_access_roles(enum page_section section);
/* The sections that these roles open: 1U << SECTION_…. */
unsigned web_access_sections(unsigned roles);

#endif
