#include "feed_text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Read as regex, and as whatever it is recognised to be. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	check_text("regex", data, size);
	check_text(NULL, data, size);
	return 0;
}
