/* What stands packed in the department's store: a vector that is accepted packs to the same bytes
 * again unless numbers were written longer than needed, and a state is read within its text. */
#include <stdlib.h>
#include <string.h>

#include "district/store/internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_sums(struct slice packed)
{
	struct sums first = SUMS_NONE, again = SUMS_NONE, sum = SUMS_NONE;
	struct buf out = BUF_INIT(SUMS_MAX_BYTES);

	if (sums_unpack(&first, packed) != OK)
		goto done;
	for (size_t i = 1; i < first.count; i++)
		if (first.items[i].key <= first.items[i - 1].key)
			abort();
	if (sums_pack(&first, &out) != OK || sums_unpack(&again, buf_slice(&out)) != OK ||
	    !sums_equal(&first, &again))
		abort();
	if (sums_add(&sum, &first) != OK || sums_take(&sum, &first) != OK || sum.count != 0)
		abort();
done:
	sums_deinit(&first);
	sums_deinit(&again);
	sums_deinit(&sum);
	buf_deinit(&out);
}

static void check_state(struct slice text)
{
	struct arena memory = ARENA_INIT(16 * 1024 * 1024);
	struct coverage_state state;

	if (state_read(&state, text, &memory) == OK) {
		size_t total = strlen(state.name) + strlen(state.contact);
		for (size_t i = 0; i < state.feed_count; i++)
			total += strlen(state.feeds[i].name);
		if (total > text.len)
			abort();
	}
	arena_deinit(&memory);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	check_sums((struct slice){data, size});
	check_state((struct slice){data, size});
	return 0;
}
