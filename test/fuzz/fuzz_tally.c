/* Saved totals: what the reader accepts is in range, and writes back to the same totals.
 * The checksum is made to fit, else nothing would get past it. */
#include <stdlib.h>

#include "base/hash.h"
#include "tally/totals.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds)
{
	if (!holds)
		abort();
}

static void check_again(const struct tally_totals *totals)
{
	struct tally_totals *again = malloc(sizeof *again);
	struct tally_totals *merged = calloc(1, sizeof *merged);
	struct buf bytes = BUF_INIT(TALLY_MAX_BYTES);

	check(again != NULL && merged != NULL);
	check(tally_encode(totals, TALLY_PART_ALL, &bytes) == OK);
	check(tally_decode(again, buf_slice(&bytes), NULL) == OK);
	check(again->tier_count == totals->tier_count);
	check(memcmp(again->cells, totals->cells, sizeof again->cells) == 0);
	check(again->low_devices == totals->low_devices);
	tally_totals_merge(merged, totals);
	tally_totals_merge(merged, totals);
	check(merged->tier_count == totals->tier_count);
	check(merged->category_count == totals->category_count);
	buf_deinit(&bytes);
	free(again);
	free(merged);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct tally_totals *totals = malloc(sizeof *totals);
	struct buf bytes = BUF_INIT(TALLY_MAX_BYTES);
	struct diag why;
	uint8_t sum[8];

	check(totals != NULL);
	struct writer w = writer_over(sum, sizeof sum);
	writer_le64(&w, checksum64(0, (struct slice){data, size}));
	buf_append(&bytes, (struct slice){data, size});
	buf_append(&bytes, writer_slice(&w));
	if (buf_status(&bytes) == OK && tally_decode(totals, buf_slice(&bytes), &why) == OK)
		check_again(totals);
	buf_deinit(&bytes);
	free(totals);
	return 0;
}
