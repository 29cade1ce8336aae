#include "packets.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the headers above. */
#include <cmocka.h>

static uint8_t storage[2][PACKET_BYTES];
static unsigned next_storage;

void packet_begin(struct packet *p, uint16_t id, uint16_t flags)
{
	p->w = writer_over(storage[next_storage++ % 2], PACKET_BYTES);
	writer_u16(&p->w, id);
	writer_u16(&p->w, flags);
	writer_u32(&p->w, 0);
	writer_u32(&p->w, 0);
}

static void raise_count(struct packet *p, size_t at)
{
	store_u16(p->w.ptr + at, (uint16_t)(load_u16(p->w.ptr + at) + 1));
}

/* Keeps the case of the text, unlike name_from_text. */
static void put_name(struct packet *p, const char *name)
{
	struct slice rest = slice_of(name);
	while (rest.len > 0) {
		struct slice label = slice_cut(&rest, '.');
		if (label.len == 0)
			break;
		writer_u8(&p->w, (uint8_t)label.len);
		writer_bytes(&p->w, label);
	}
	writer_u8(&p->w, 0);
}

void packet_question(struct packet *p, const char *name, uint16_t type)
{
	raise_count(p, 4);
	put_name(p, name);
	writer_u16(&p->w, type);
	writer_u16(&p->w, CLASS_IN);
}

size_t packet_at(const struct packet *p)
{
	return p->w.len;
}

void packet_rr(struct packet *p, unsigned section, const char *owner, uint16_t type,
    uint32_t ttl_s, struct slice rdata)
{
	raise_count(p, 6 + 2 * (size_t)section);
	put_name(p, owner);
	writer_u16(&p->w, type);
	writer_u16(&p->w, CLASS_IN);
	writer_u32(&p->w, ttl_s);
	writer_u16(&p->w, (uint16_t)rdata.len);
	writer_bytes(&p->w, rdata);
}

void packet_a(struct packet *p, const char *owner, uint32_t ttl_s, uint8_t last)
{
	uint8_t address[4] = {192, 0, 2, last};
	packet_rr(p, 0, owner, TYPE_A, ttl_s, (struct slice){address, sizeof address});
}

void packet_cname(struct packet *p, const char *owner, uint32_t ttl_s, const char *target)
{
	packet_rr(p, 0, owner, TYPE_CNAME, ttl_s, name_rdata(target));
}

void packet_soa(struct packet *p, const char *owner, uint32_t ttl_s, uint32_t minimum_s)
{
	uint8_t bytes[512];
	struct writer w = writer_over(bytes, sizeof bytes);
	writer_bytes(&w, name_rdata("ns.vn"));
	writer_bytes(&w, name_rdata("root.vn"));
	for (uint32_t i = 1; i <= 4; i++)
		writer_u32(&w, i);
	writer_u32(&w, minimum_s);
	packet_rr(p, 1, owner, TYPE_SOA, ttl_s, writer_slice(&w));
}

void packet_rrsig(struct packet *p, unsigned section, const char *owner, uint16_t covered)
{
	uint8_t bytes[512];
	struct writer w = writer_over(bytes, sizeof bytes);
	writer_u16(&w, covered);
	for (unsigned i = 0; i < 4; i++)
		writer_u32(&w, 13);
	writer_bytes(&w, name_rdata("vn"));
	writer_bytes(&w, SLICE_LIT("signature"));
	packet_rr(p, section, owner, TYPE_RRSIG, 300, writer_slice(&w));
}

void packet_opt(struct packet *p, uint16_t size, uint32_t ttl, struct slice options)
{
	raise_count(p, 10);
	writer_u8(&p->w, 0);
	writer_u16(&p->w, TYPE_OPT);
	writer_u16(&p->w, size);
	writer_u32(&p->w, ttl);
	writer_u16(&p->w, (uint16_t)options.len);
	writer_bytes(&p->w, options);
}

struct slice packet_slice(const struct packet *p)
{
	assert_false(p->w.bad);
	return writer_slice(&p->w);
}

struct name_buf name_made(const char *text)
{
	struct name_buf name;
	assert_int_equal(name_from_text(&name, slice_of(text), NULL), OK);
	return name;
}

struct slice name_rdata(const char *text)
{
	static struct name_buf name;
	name = name_made(text);
	return (struct slice){name.wire, name.len};
}
