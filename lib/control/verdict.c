#include "control/verdict.h"

enum {
	LABEL_BYTES = 63, /* RFC 1035 section 3.1 */
	IPV4_BYTES = 4,
	ADDRESS_BYTES = 16
};

/* Bits of the answer's flags; the others are zero, and checked to be. */
enum {
	FLAG_BLOCKED = 1 << 0,
	FLAG_LOCKED = 1 << 1,
	FLAG_SENSITIVE = 1 << 2,
	FLAG_NAME_SHOWN = 1 << 3,
	FLAG_RECORDED = 1 << 4,
	FLAG_BY_DEFAULT = 1 << 5,
	FLAG_TRIAL = 1 << 6,
	FLAG_OPENABLE = 1 << 7,
	FLAG_ALL = (1 << 8) - 1
};

const char *verdict_reason_text(enum verdict_reason reason)
{
	static const char *const texts[] = {
#define X(code, text) [code] = text,
	    VERDICT_REASON_MAP(X)
#undef X
	};

	return (size_t)reason < COUNT_OF(texts) ? texts[reason] : "unknown";
}

/* Labels in lower case, then the root, and nothing behind it. */
static bool is_wire_name(struct slice name)
{
	if (name.len == 0 || name.len > VERDICT_NAME_BYTES)
		return false;
	struct reader r = reader_over(name);
	for (;;) {
		uint8_t length = reader_u8(&r);
		if (r.bad || length > LABEL_BYTES)
			return false;
		if (length == 0)
			return r.left == 0;
		struct slice label = reader_bytes(&r, length);
		for (size_t i = 0; i < label.len; i++)
			if (label.ptr[i] != byte_lower(label.ptr[i]))
				return false;
	}
}

static bool is_address(uint8_t family, const uint8_t *address)
{
	if (family == 6)
		return true;
	if (family != 4)
		return false;
	for (size_t i = IPV4_BYTES; i < ADDRESS_BYTES; i++)
		if (address[i] != 0)
			return false;
	return true;
}

static bool is_printable(struct slice text)
{
	for (size_t i = 0; i < text.len; i++)
		if (text.ptr[i] < ' ' || text.ptr[i] == 0x7f)
			return false;
	return true;
}

static void write_string(struct writer *w, struct slice s)
{
	if (s.len > UINT8_MAX)
		w->bad = true;
	writer_u8(w, (uint8_t)s.len);
	writer_bytes(w, s);
}

/* A text of a struct: must end within its array and be printable. */
static void write_text(struct writer *w, const char *text, size_t size)
{
	struct slice s = {(const uint8_t *)text, strnlen(text, size)};

	if (s.len == size || !is_printable(s))
		w->bad = true;
	write_string(w, s);
}

static struct slice read_string(struct reader *r)
{
	return reader_bytes(r, reader_u8(r));
}

static void read_text(struct reader *r, char *out, size_t size)
{
	struct slice s = read_string(r);

	if (s.len >= size || !is_printable(s)) {
		r->bad = true;
		return;
	}
	if (s.len > 0)
		memcpy(out, s.ptr, s.len);
	out[s.len] = 0;
}

static void write_time(struct writer *w, int64_t seconds)
{
	if (seconds < 0)
		w->bad = true;
	writer_le64(w, (uint64_t)seconds);
}

static int64_t read_time(struct reader *r)
{
	uint64_t seconds = reader_le64(r);

	if (seconds > INT64_MAX) {
		r->bad = true;
		return 0;
	}
	return (int64_t)seconds;
}

enum err verdict_encode_question(
    const struct verdict_question *q, uint8_t out[VERDICT_MAX_BYTES], size_t *len)
{
	struct slice name = {q->name, q->name_len};

	if (!is_wire_name(name) || !is_address(q->family, q->address))
		return ERR_RANGE;
	struct writer w = writer_over(out, VERDICT_MAX_BYTES);
	writer_u8(&w, 'Q');
	writer_u8(&w, VERDICT_VERSION);
	writer_le32(&w, q->id);
	writer_u8(&w, q->family);
	writer_bytes(&w, (struct slice){q->address, sizeof q->address});
	write_string(&w, name);
	if (w.bad)
		return ERR_RANGE;
	*len = w.len;
	return OK;
}

/* Both kinds of message begin alike. */
static enum err read_kind(struct reader *r, uint8_t kind)
{
	uint8_t seen = reader_u8(r);
	uint8_t version = reader_u8(r);

	if (r->bad || seen != kind)
		return ERR_FORMAT;
	return version == VERDICT_VERSION ? OK : ERR_UNSUPPORTED;
}

enum err verdict_decode_question(struct slice message, struct verdict_question *out)
{
	struct reader r = reader_over(message);
	struct verdict_question q = {0};

	enum err rc = read_kind(&r, 'Q');
	if (rc != OK)
		return rc;
	q.id = reader_le32(&r);
	q.family = reader_u8(&r);
	struct slice address = reader_bytes(&r, sizeof q.address);
	struct slice name = read_string(&r);
	if (r.bad || r.left > 0 || !is_wire_name(name) ||
	    !is_address(q.family, address.ptr))
		return ERR_FORMAT;
	memcpy(q.address, address.ptr, sizeof q.address);
	memcpy(q.name, name.ptr, name.len);
	q.name_len = name.len;
	*out = q;
	return OK;
}

static uint32_t answer_flags(const struct verdict_answer *a)
{
	uint32_t flags = 0;

	flags |= a->blocked ? FLAG_BLOCKED : 0u;
	flags |= a->locked ? FLAG_LOCKED : 0u;
	flags |= a->sensitive ? FLAG_SENSITIVE : 0u;
	flags |= a->name_shown ? FLAG_NAME_SHOWN : 0u;
	flags |= a->recorded ? FLAG_RECORDED : 0u;
	flags |= a->by_default ? FLAG_BY_DEFAULT : 0u;
	flags |= a->trial ? FLAG_TRIAL : 0u;
	flags |= a->openable ? FLAG_OPENABLE : 0u;
	return flags;
}

enum err verdict_encode_answer(
    const struct verdict_answer *a, uint8_t out[VERDICT_MAX_BYTES], size_t *len)
{
	if ((size_t)a->reason >= VERDICT_REASONS)
		return ERR_RANGE;
	struct writer w = writer_over(out, VERDICT_MAX_BYTES);
	writer_u8(&w, 'A');
	writer_u8(&w, VERDICT_VERSION);
	writer_le32(&w, a->id);
	writer_u8(&w, (uint8_t)a->reason);
	writer_le32(&w, answer_flags(a));
	write_time(&w, a->opens_at_s);
	write_time(&w, a->diagnosed_until_s);
	write_time(&w, a->staff_until_s);
	write_time(&w, a->paused_until_s);
	write_time(&w, a->grant_until_s);
	write_text(&w, a->tier, sizeof a->tier);
	write_text(&w, a->category, sizeof a->category);
	write_text(&w, a->group, sizeof a->group);
	write_text(&w, a->window, sizeof a->window);
	write_text(&w, a->rule, sizeof a->rule);
	if (w.bad)
		return ERR_RANGE;
	*len = w.len;
	return OK;
}

enum err verdict_decode_answer(struct slice message, struct verdict_answer *out)
{
	struct reader r = reader_over(message);
	struct verdict_answer a = {0};

	enum err rc = read_kind(&r, 'A');
	if (rc != OK)
		return rc;
	a.id = reader_le32(&r);
	uint8_t reason = reader_u8(&r);
	uint32_t flags = reader_le32(&r);
	a.opens_at_s = read_time(&r);
	a.diagnosed_until_s = read_time(&r);
	a.staff_until_s = read_time(&r);
	a.paused_until_s = read_time(&r);
	a.grant_until_s = read_time(&r);
	read_text(&r, a.tier, sizeof a.tier);
	read_text(&r, a.category, sizeof a.category);
	read_text(&r, a.group, sizeof a.group);
	read_text(&r, a.window, sizeof a.window);
	read_text(&r, a.rule, sizeof a.rule);
	if (r.bad || r.left > 0 || reason >= VERDICT_REASONS || flags > FLAG_ALL)
		return ERR_FORMAT;
	a.reason = (enum verdict_reason)reason;
	a.blocked = (flags & FLAG_BLOCKED) != 0;
	a.locked = (flags & FLAG_LOCKED) != 0;
	a.sensitive = (flags & FLAG_SENSITIVE) != 0;
	a.name_shown = (flags & FLAG_NAME_SHOWN) != 0;
	a.recorded = (flags & FLAG_RECORDED) != 0;
	a.by_default = (flags & FLAG_BY_DEFAULT) != 0;
	a.trial = (flags & FLAG_TRIAL) != 0;
	a.openable = (flags & FLAG_OPENABLE) != 0;
	*out = a;
	return OK;
}
