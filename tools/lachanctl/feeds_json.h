/* feeds_json -- the lists of the configuration with what became of each, as the object that
 * `feeds --json` prints:
 *
 *	{"feeds":[{"name","category","enabled","entries","patterns","refused":{REASON:LINES},
 *	           "age":SECONDS or null,"result":"never|ok|unchanged|refused|held","reason",
 *	           "next_try","url","off",
 *	           "held":null or {"since","sha256","bytes","rules","url","covers":[NAME],
 *	                           "covers_count"},
 *	           "bundle":null or what kit/department.h says,
 *	           "required_by": the bundle's feed, of lists that it requires}]}
 *
 * `patterns` are among `entries`. Read from state_dir/feeds/NAME.meta, which lachan-feeds
 * writes (daemon/feeds/README.md): works with the gateway stopped. */
#ifndef LACHANCTL_FEEDS_JSON_H
#define LACHANCTL_FEEDS_JSON_H

#include "lachanctl/ctl.h"

/* Needs c->config. The caller's. */
json_t *feeds_to_json(const struct ctl *c);

#endif
