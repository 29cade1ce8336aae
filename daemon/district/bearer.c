#include "district/bearer.h"

#include <stdio.h>

#include <openssl/sha.h>

static const char LETTERS[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

void bearer_make(char out[BEARER_TEXT_BYTES], const uint8_t random[BEARER_RANDOM_BYTES])
{
	uint32_t bits = 0;
	unsigned have = 0;
	size_t len = 0;

	for (size_t i = 0; i < BEARER_RANDOM_BYTES; i++) {
		bits = bits << 8 | random[i];
		for (have += 8; have >= 6; have -= 6)
			out[len++] = LETTERS[bits >> (have - 6) & 63];
	}
	out[len++] =
	    LETTERS[bits << (6 - have) & 63]; /* 256 bits are 42 letters and 4 bits */
	out[len] = 0;
}

static bool is_letter(uint8_t c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
	    c == '-' || c == '_';
}

bool bearer_sha256(struct slice text, uint8_t out[STORE_SHA256_BYTES])
{
	if (text.len != BEARER_TEXT_BYTES - 1)
		return false;
	for (size_t i = 0; i < text.len; i++)
		if (!is_letter(text.ptr[i]))
			return false;
	(void)SHA256(text.ptr, text.len, out);
	return true;
}

void bearer_mark(char out[BEARER_MARK_BYTES], const uint8_t sha256[STORE_SHA256_BYTES])
{
	for (int i = 0; i < 6; i++)
		(void)snprintf(out + 2 * i, 3, "%02x", sha256[i]);
}
