/* Both files of notices, from any octets: what is taken is written back octet for octet. */
#include <stdlib.h>

#include "notices/sent.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
	if (!holds)
		abort();
}

static void try_notices(struct slice text)
{
	static struct notices n;
	struct buf again = BUF_INIT(NOTICES_FILE_MAX);

	if (notices_read(&n, text) != OK)
		return;
	require(n.feed_count <= NOTICES_FEEDS_MAX && n.target_count <= NOTICES_TARGETS_MAX);
	notices_write(&again, &n);
	require(buf_status(&again) == OK && slice_equal(buf_slice(&again), text));
	buf_deinit(&again);

	struct sent s = {.target_count = 0};
	struct due due;
	for (size_t i = 0; i < n.target_count; i++) {
		struct sent_target *t = sent_of(&s, &n, n.targets[i].id);
		require(t != NULL);
		sent_due(&due, &n, t, ~0U, 1000);
		sent_try(t, 1000);
		sent_done(t, &due, 1000);
		sent_due(&due, &n, t, ~0U, 1000);
		require(!due.any); /* nothing is told twice */
	}
}

static void try_sent(struct slice text)
{
	struct sent s;
	struct buf again = BUF_INIT(NOTICES_FILE_MAX);

	if (sent_read(&s, text) != OK)
		return;
	require(s.target_count <= NOTICES_TARGETS_MAX);
	sent_write(&again, &s);
	require(buf_status(&again) == OK && slice_equal(buf_slice(&again), text));
	buf_deinit(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice text = {data, size};

	try_notices(text);
	try_sent(text);
	return 0;
}
