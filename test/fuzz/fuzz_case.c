/* The file of a case: what is read is written back byte for byte, and lies inside the file. */
#include <stdlib.h>

#include "cases/internal.h"

#define HOLDS(condition)          \
	do {                      \
		if (!(condition)) \
			abort();  \
	} while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice file = {data, size};
	struct report_case what;
	struct slice sealed, reply;
	struct buf again = BUF_INIT(CASE_FILE_MAX);

	if (record_read(&what, &sealed, &reply, file) != OK)
		return 0;
	HOLDS(what.id > 0 && day_is_sound(what.day) && owner_is_sound(what.owner));
	HOLDS(record_bytes(&what) == size);
	HOLDS(record_write(&again, &what, sealed, reply) == OK);
	HOLDS(slice_equal(buf_slice(&again), file));
	buf_deinit(&again);
	return 0;
}
