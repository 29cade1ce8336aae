#include "base/words.h"
#include "feed/internal.h"

const char *feed_reason_text(enum feed_reason reason)
{
	static const char *const texts[FEED_REASONS] = {
#define X(code, class, text) [code] = (text),
	    FEED_REASON_MAP(X)
#undef X
	};
	return reason < FEED_REASONS ? texts[reason] : "";
}

enum feed_class feed_reason_class(enum feed_reason reason)
{
	static const uint8_t classes[FEED_REASONS] = {
#define X(code, class, text) [code] = FEED_CLASS_##class,
	    FEED_REASON_MAP(X)
#undef X
	};
	return (enum feed_class)classes[reason];
}

uint64_t feed_stats_refused(const struct feed_stats *stats)
{
	uint64_t sum = 0;
	for (unsigned i = 0; i < FEED_REASONS; i++)
		sum += stats->refused[i];
	return sum;
}
