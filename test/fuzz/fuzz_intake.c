/* What a school sends, as the collector reads it: gzip within limits, the signature cut off,
 * the document, and what the department asks of it. */
#include <stdlib.h>
#include <string.h>

#include "district/config.h"
#include "district/gunzip.h"
#include "district/summary_judge.h"
#include "report/quick.h"
#include "report/signed.h"

static void require(bool holds)
{
	if (!holds)
		abort();
}

static const struct district_config config = {
    .limits = {.oldest_ms = UINT64_C(400) * 86400 * 1000},
    .privacy = {.min_devices = 10, .min_population = 20}};

/* What is found fine keeps the floor, shown here once more in its plainest form. */
static void look_at(const struct report_document *document)
{
	struct summary_fault fault;

	summary_judge(&fault, document, &config, 1795305600);
	require(fault.why == NULL || fault.why[0] != 0);
	if (fault.why != NULL)
		return;
	for (size_t i = 0; i < document->record_count; i++) {
		const struct report_record *r = &document->records[i];
		require(r->below || r->attempts == 0 || r->band >= REPORT_BAND_10);
		require(r->below || r->attempts % 5 == 0);
	}
	for (size_t i = 0; i < document->name_count; i++)
		require(document->names[i].band >= REPORT_BAND_10);
}

static void read_document(struct slice unsigned_bytes)
{
	struct report_document document;
	struct report_quick quick;
	struct diag why = {.text = ""};

	if (report_decode(&document, unsigned_bytes, &why) == OK) {
		look_at(&document);
		report_document_deinit(&document);
	}
	if (report_quick_decode(&quick, unsigned_bytes, &why) == OK)
		report_quick_deinit(&quick);
}

static void read_signed(struct slice received)
{
	struct buf unsigned_bytes = BUF_INIT(GUNZIP_MAX_BYTES);
	struct report_signature signature;
	struct diag why = {.text = ""};

	if (report_split(received, &unsigned_bytes, &signature, &why) == OK) {
		require(received.len == unsigned_bytes.len + REPORT_SIGNATURE_BYTES);
		read_document(buf_slice(&unsigned_bytes));
	}
	buf_deinit(&unsigned_bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* As it came, and as if it had been unpacked already: a fuzzer guesses no checksums. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct slice input = {data, size};
	struct buf received = BUF_INIT(GUNZIP_MAX_BYTES);

	if (gunzip_bounded(&received, input) == OK) {
		require(received.len <= size * GUNZIP_MAX_RATIO);
		read_signed(buf_slice(&received));
	}
	require(received.len <= GUNZIP_MAX_BYTES);
	read_signed(input);
	read_document(input);
	buf_deinit(&received);
	return 0;
}
