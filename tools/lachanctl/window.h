/* window -- a window of a tier's timetable in words, and as an object for programs. */
#ifndef LACHANCTL_WINDOW_H
#define LACHANCTL_WINDOW_H

#include "base/buf.h"
#include "lachanctl/ctl.h"

/* "Monday to Friday, 11:30–13:30", "21/12/2026–26/12/2026, all day". */
void window_say_times(struct buf *out, const struct rules_schedule *window);
/* "opens: Games; blocks: TikTok", "only what the school allows resolves". */
void window_say_effects(
    struct buf *out, const struct ctl *c, const struct rules_schedule *window);

/* {"name","days":["mon",…],"dates":[["2026-12-21","2026-12-26"],…],"from":"07:00",
 *  "to":"17:00","unblock":[…],"block":[…],"allow_only"}; days and dates as they hold. */
json_t *window_to_json(const struct config *config, const struct rules_schedule *window);

/* Categories of a set as their names, in their order; and services. New arrays. */
json_t *categories_to_json(const struct config *config, uint64_t categories);
json_t *services_to_json(
    const struct config *config, const struct rules_services_set *services);

#endif
