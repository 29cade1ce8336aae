#include "report/signed.h"

#include <string.h>

#include "report/internal.h"
#include "report/quick.h"

#define TAIL_HEAD   ",\"signature\":{\"key\":\""
#define TAIL_MIDDLE "\",\"value\":\""
#define TAIL_END    "\"}}"

enum {
	HEAD_BYTES = sizeof TAIL_HEAD - 1,
	KEY_BYTES = SIGN_PUBLIC_TEXT - 1,
	MIDDLE_BYTES = sizeof TAIL_MIDDLE - 1,
	VALUE_BYTES = SIGN_VALUE_TEXT - 1,
	TAIL_BYTES =
	    HEAD_BYTES + KEY_BYTES + MIDDLE_BYTES + VALUE_BYTES + sizeof TAIL_END - 1
};

/* The tail stands in place of one `}`. */
_Static_assert(TAIL_BYTES == REPORT_SIGNATURE_BYTES + 1, "the header tells the length");

bool report_is_unit(const char *unit)
{
	size_t len = strlen(unit);

	return len > 0 && len <= 64 &&
	    strspn(unit,
	        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-") == len;
}

static bool looks_signed(struct slice s)
{
	return memmem(s.ptr, s.len, "\"signature\":", 12) != NULL;
}

enum err report_sign(
    struct buf *out, struct slice unsigned_bytes, const struct sign_key *key)
{
	struct sign_value value;
	char public_text[SIGN_PUBLIC_TEXT];
	char value_text[SIGN_VALUE_TEXT];
	struct slice s = unsigned_bytes;

	if (s.len < 3 || s.ptr[0] != '{' || s.ptr[s.len - 1] != '}' || looks_signed(s))
		return ERR_FORMAT;
	enum err rc = sign_bytes(&value, key, s);
	if (rc != OK)
		return rc;
	sign_public_text(public_text, &key->public);
	sign_value_text(value_text, &value);
	buf_append(out, (struct slice){s.ptr, s.len - 1});
	buf_text(out, TAIL_HEAD);
	buf_text(out, public_text);
	buf_text(out, TAIL_MIDDLE);
	buf_text(out, value_text);
	buf_text(out, TAIL_END);
	return buf_status(out);
}

/* The tail, byte by byte; its texts in their one spelling. */
static bool read_tail(struct report_signature *out, struct slice tail)
{
	struct reader r = reader_over(tail);
	struct slice head = reader_bytes(&r, HEAD_BYTES);
	struct slice key = reader_bytes(&r, KEY_BYTES);
	struct slice middle = reader_bytes(&r, MIDDLE_BYTES);
	struct slice value = reader_bytes(&r, VALUE_BYTES);
	struct slice end = reader_bytes(&r, sizeof TAIL_END - 1);

	return !r.bad && r.left == 0 && slice_equal(head, SLICE_LIT(TAIL_HEAD)) &&
	    slice_equal(middle, SLICE_LIT(TAIL_MIDDLE)) &&
	    slice_equal(end, SLICE_LIT(TAIL_END)) &&
	    sign_public_read(&out->key, key) == OK &&
	    sign_value_read(&out->value, value) == OK;
}

enum err report_split(struct slice received, struct buf *unsigned_bytes,
    struct report_signature *signature, struct diag *why)
{
	struct report_signature made;

	if (!looks_signed(received)) {
		diag_set(why, "the document is not signed");
		return ERR_NOT_FOUND;
	}
	size_t body = received.len > TAIL_BYTES ? received.len - TAIL_BYTES : 0;
	struct slice head = {received.ptr, body};
	struct slice tail = {received.ptr + body, received.len - body};
	/* One signature only: a second one would be among the signed bytes. */
	if (body < 2 || !read_tail(&made, tail) || looks_signed(head)) {
		diag_set(why, "\"signature\" is not the last member, or not as it must be");
		return ERR_FORMAT;
	}
	size_t before = unsigned_bytes->len;
	buf_append(unsigned_bytes, head);
	buf_byte(unsigned_bytes, '}');
	enum err rc = buf_status(unsigned_bytes);
	if (rc != OK) {
		unsigned_bytes->len = before;
		return rc;
	}
	*signature = made;
	return OK;
}

/* ---- another unit ---- */

/* What is written again must be what was read, or a member would get lost. */
static enum err check_same(struct slice was, const struct buf *again, struct diag *why)
{
	if (slice_equal(was, buf_slice(again)))
		return OK;
	diag_set(why, "the document is not as this version writes it");
	return ERR_FORMAT;
}

static enum err rename_summary(
    struct buf *out, struct slice was, const char *const unit_and_name[2], struct diag *why)
{
	struct report_document d;
	struct tally_period period;
	struct buf again = BUF_INIT(REPORT_MAX_BYTES);

	enum err rc = report_decode(&d, was, why);
	if (rc != OK)
		return rc;
	rc = report_encode(&d, &again);
	if (rc == OK)
		rc = check_same(was, &again, why);
	if (rc == OK)
		rc = report_period(&d, &period, why);
	if (rc == OK) {
		d.unit = unit_and_name[0];
		d.name = unit_and_name[1] == NULL ? d.name : unit_and_name[1];
		report_id(d.report_id, d.unit, &period, d.cut, d.revision);
		rc = report_encode(&d, out);
	}
	report_document_deinit(&d);
	buf_deinit(&again);
	return rc;
}

static enum err rename_quick(
    struct buf *out, struct slice was, const char *const unit_and_name[2], struct diag *why)
{
	struct report_quick quick;
	struct buf again = BUF_INIT(REPORT_QUICK_MAX_BYTES);

	enum err rc = report_quick_decode(&quick, was, why);
	if (rc != OK)
		return rc;
	rc = report_quick_encode(&quick, &again);
	if (rc == OK)
		rc = check_same(was, &again, why);
	if (rc == OK) {
		quick.unit = unit_and_name[0];
		quick.name = unit_and_name[1] == NULL ? quick.name : unit_and_name[1];
		rc = report_quick_encode(&quick, out);
	}
	report_quick_deinit(&quick);
	buf_deinit(&again);
	return rc;
}

enum err report_rename(struct buf *out, struct slice unsigned_bytes, const char *unit,
    const char *name, struct diag *why)
{
	const char *unit_and_name[2] = {unit, name};

	if (!report_is_unit(unit)) {
		diag_set(why, "no id of a unit");
		return ERR_RANGE;
	}
	if (slice_starts(unsigned_bytes, SLICE_LIT("{\"format\":\"lachan-quick-report\"")))
		return rename_quick(out, unsigned_bytes, unit_and_name, why);
	return rename_summary(out, unsigned_bytes, unit_and_name, why);
}
