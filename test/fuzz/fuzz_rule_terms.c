/* Terms of rules: what the reader takes must be what the writer would have written, and safe to
 * ask. */
#include <stdlib.h>

#include "rule/rule.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void ask(const struct rule_terms *terms)
{
	static const uint8_t wire[] = {3, 'w', 'w', 'w', 1, 'a', 2, 'v', 'n', 0};
	static const uint8_t address[16] = {10, 0, 0, 1};
	static const char *const words[] = {"lab", "user_child", NULL};
	struct rule_question q = {.name = {wire, sizeof wire}, .qtype = 1};

	bool unknown = rule_terms_hold(terms, &q);
	q.client = (struct slice){address, 4};
	q.client_names = words;
	q.tags = words;
	(void)rule_terms_hold(terms, &q);
	q.client.len = 16;
	(void)rule_terms_hold(terms, &q);
	(void)rule_network_holds(&terms->network, q.client);
	/* Without types, clients and tags only the name decides. */
	if (!rule_terms_ask_who(terms) && unknown != rule_terms_hold(terms, &q))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf again = BUF_INIT(RULE_TERMS_MAX_BYTES);
	struct slice bytes = {data, size};
	struct rule_terms terms;

	if (rule_terms_read(&terms, bytes) != OK)
		return 0;
	rule_terms_write(&again, &terms);
	if (buf_status(&again) != OK || !slice_equal(buf_slice(&again), bytes))
		abort();
	ask(&terms);
	buf_deinit(&again);
	return 0;
}
