/* feed_meta -- what lachan-feeds notes about a list, for those who only read it
 * (state_dir/feeds/NAME.meta; daemon/feeds/meta.h writes it). Threads: no shared state. */
#ifndef KIT_FEED_META_H
#define KIT_FEED_META_H

#include <jansson.h>

/* A new object, the caller's; NULL when there is none that can be read. */
json_t *feed_meta_read(const char *state_dir, const char *name);

#endif
