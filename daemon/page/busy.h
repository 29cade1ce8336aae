/* busy -- the short answer to who asks too often: 429, Retry-After, a sentence and 111.
 *
 * Made without asking the filter and without the page's look: what is refused must cost
 * much less than what is served. Threads: pure functions. */
#ifndef PAGE_BUSY_H
#define PAGE_BUSY_H

#include "kit/http.h"
#include "page/texts.h"

/* `wait_s`: the answer of limits_take_request(). Ends the exchange. */
void busy_reply(struct http_exchange *x, const struct texts *texts,
    enum config_language language, unsigned wait_s);

#endif
