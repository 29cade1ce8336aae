#include "base/hash.h"

static uint64_t load_le64(const uint8_t *p)
{
	uint64_t v;
	memcpy(&v, p, sizeof v);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	v = __builtin_bswap64(v);
#endif
	return v;
}

/* Fewer than eight bytes, as the low bytes of a word. */
static uint64_t load_tail(const uint8_t *p, size_t n)
{
	uint64_t v = 0;
	for (size_t i = 0; i < n; i++)
		v |= (uint64_t)p[i] << (8 * i);
	return v;
}

static uint64_t rotate(uint64_t x, unsigned bits)
{
	return x << bits | x >> (64 - bits);
}

struct sip {
	uint64_t v0, v1, v2, v3;
};

static void sip_round(struct sip *s)
{
	s->v0 += s->v1;
	s->v1 = rotate(s->v1, 13) ^ s->v0;
	s->v0 = rotate(s->v0, 32);
	s->v2 += s->v3;
	s->v3 = rotate(s->v3, 16) ^ s->v2;
	s->v0 += s->v3;
	s->v3 = rotate(s->v3, 21) ^ s->v0;
	s->v2 += s->v1;
	s->v1 = rotate(s->v1, 17) ^ s->v2;
	s->v2 = rotate(s->v2, 32);
}

static void sip_word(struct sip *s, uint64_t word)
{
	s->v3 ^= word;
	sip_round(s);
	s->v0 ^= word;
}

static struct sip sip_begin(struct hash_key key)
{
	return (struct sip){
	    key.k0 ^ 0x736f6d6570736575u,
	    key.k1 ^ 0x646f72616e646f6du,
	    key.k0 ^ 0x6c7967656e657261u,
	    key.k1 ^ 0x7465646279746573u,
	};
}

/* What is behind the last whole word, and the length. */
static uint64_t sip_last_word(struct slice data)
{
	size_t whole = data.len / 8 * 8;
	uint64_t last = (uint64_t)data.len << 56;

	if (data.len > whole)
		last |= load_tail(data.ptr + whole, data.len - whole);
	return last;
}

uint64_t siphash13(struct hash_key key, struct slice data)
{
	struct sip s = sip_begin(key);
	size_t whole = data.len / 8 * 8;

	for (size_t i = 0; i < whole; i += 8)
		sip_word(&s, load_le64(data.ptr + i));
	sip_word(&s, sip_last_word(data));
	s.v2 ^= 0xff;
	sip_round(&s);
	sip_round(&s);
	sip_round(&s);
	return s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
}

static void sip_word_twice(struct sip *s, uint64_t word)
{
	s->v3 ^= word;
	sip_round(s);
	sip_round(s);
	s->v0 ^= word;
}

uint64_t siphash24(struct hash_key key, struct slice data)
{
	struct sip s = sip_begin(key);
	size_t whole = data.len / 8 * 8;

	for (size_t i = 0; i < whole; i += 8)
		sip_word_twice(&s, load_le64(data.ptr + i));
	sip_word_twice(&s, sip_last_word(data));
	s.v2 ^= 0xff;
	for (int i = 0; i < 4; i++)
		sip_round(&s);
	return s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
}

uint64_t checksum64(uint64_t sum, struct slice data)
{
	/* Four lanes, so that the multiplications of a large file overlap. */
	uint64_t lane[4] = {sum, sum ^ 0x9e3779b97f4a7c15u, ~sum, sum + data.len};
	size_t i = 0;

	for (; data.len - i >= 32; i += 32) {
		for (size_t k = 0; k < 4; k++) {
			uint64_t x = lane[k] ^ load_le64(data.ptr + i + 8 * k);
			lane[k] = rotate(x * 0xff51afd7ed558ccdu, 29);
		}
	}
	for (; data.len - i >= 8; i += 8)
		lane[0] = hash_mix64(lane[0] ^ load_le64(data.ptr + i));
	if (data.len > i)
		lane[1] = hash_mix64(lane[1] ^ load_tail(data.ptr + i, data.len - i));
	uint64_t all = hash_mix64(lane[0] + 1);
	all = hash_mix64(all ^ lane[1]);
	all = hash_mix64(all ^ lane[2]);
	return hash_mix64(all ^ lane[3]) ^ data.len;
}
