#include "audit/line.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
	TEXT_MAX = 1000,
	HEX = AUDIT_HASH_TEXT_BYTES - 1
};

#define NUMBER   "{\"n\":"
#define TIME     ",\"time\":\""
#define PREVIOUS "\",\"previous\":\""
#define END      "\"}"

/* Control characters are escaped; UTF-8 is left for people to read. */
static void put_text(struct buf *out, const char *name, const char *text)
{
	buf_printf(out, ",\"%s\":\"", name);
	for (const char *s = text == NULL ? "" : text; *s != 0; s++) {
		uint8_t c = (uint8_t)*s;
		if (c < 0x20 || c == 0x7f) {
			buf_printf(out, "\\u%04x", c);
			continue;
		}
		if (c == '"' || c == '\\')
			buf_byte(out, '\\');
		buf_byte(out, c);
	}
	buf_byte(out, '"');
}

static bool fits(const char *text)
{
	return text == NULL || strnlen(text, TEXT_MAX + 1) <= TEXT_MAX;
}

enum err line_write(struct buf *out, uint64_t number, int64_t at_s,
    const struct audit_entry *entry, const char previous[AUDIT_HASH_TEXT_BYTES])
{
	char when[32];
	struct tm tm;
	time_t at = (time_t)at_s;

	if (!fits(entry->actor) || !fits(entry->action) || !fits(entry->name) ||
	    !fits(entry->scope) || !fits(entry->detail) || gmtime_r(&at, &tm) == NULL ||
	    strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		return ERR_RANGE;
	buf_printf(out, NUMBER "%llu" TIME "%s\"", (unsigned long long)number, when);
	put_text(out, "actor", entry->actor);
	put_text(out, "action", entry->action);
	put_text(out, "name", entry->name);
	put_text(out, "scope", entry->scope);
	put_text(out, "detail", entry->detail);
	buf_printf(out, ",\"previous\":\"%s" END, previous);
	return buf_status(out);
}

static bool is_hex(struct slice s)
{
	for (size_t i = 0; i < s.len; i++)
		if (!((s.ptr[i] >= '0' && s.ptr[i] <= '9') ||
		        (s.ptr[i] >= 'a' && s.ptr[i] <= 'f')))
			return false;
	return s.len == HEX;
}

bool line_read(struct slice line, uint64_t *number, char previous[AUDIT_HASH_TEXT_BYTES])
{
	const size_t tail = sizeof PREVIOUS - 1 + HEX + sizeof END - 1;
	const size_t head = sizeof NUMBER - 1;

	if (line.len > AUDIT_LINE_MAX || line.len < head + tail ||
	    !slice_starts(line, SLICE_LIT(NUMBER)) || !slice_ends(line, SLICE_LIT(END)))
		return false;
	struct slice rest = {line.ptr + head, line.len - head};
	struct slice digits = slice_cut(&rest, ',');
	uint64_t n = 0;
	if (!slice_to_u64(digits, UINT64_MAX - 1, &n) || n == 0)
		return false;
	struct slice end = {line.ptr + line.len - tail, tail};
	struct slice hash = {end.ptr + sizeof PREVIOUS - 1, HEX};
	if (!slice_starts(end, SLICE_LIT(PREVIOUS)) || !is_hex(hash))
		return false;
	*number = n;
	memcpy(previous, hash.ptr, HEX);
	previous[HEX] = 0;
	return true;
}

enum err line_hash(struct slice line, char out[AUDIT_HASH_TEXT_BYTES])
{
	uint8_t digest[EVP_MAX_MD_SIZE];
	unsigned len = 0;

	if (EVP_Digest(line.ptr, line.len, digest, &len, EVP_sha256(), NULL) != 1)
		return ERR_MEMORY;
	for (size_t i = 0; i < HEX / 2; i++)
		(void)snprintf(out + i * 2, 3, "%02x", digest[i]);
	return OK;
}

/* ---- is it one device? ---- */

static bool is_mac(const char *word)
{
	size_t i = 0;

	for (; i < 17; i++) {
		bool separator = i % 3 == 2;
		if (separator ? word[i] != ':' && word[i] != '-'
		              : !isxdigit((unsigned char)word[i]))
			return false;
	}
	return word[i] == 0;
}

/* /32 of IPv4 and /64 to /128 of IPv6 are one device: of IPv6 the /64 is what is
 * counted as one. */
static bool is_address(char *word)
{
	uint8_t bytes[16];
	char *slash = strchr(word, '/');
	unsigned long length = 128;

	if (slash != NULL) {
		length = strtoul(slash + 1, NULL, 10);
		*slash = 0;
	}
	char *scope = strchr(word, '%');
	if (scope != NULL)
		*scope = 0;
	if (inet_pton(AF_INET, word, bytes) == 1)
		return slash == NULL || length >= 32;
	return inet_pton(AF_INET6, word, bytes) == 1 && length >= 64;
}

/* "[v6]:port" and "v4:port" lose their port. */
static void cut_port(char *word)
{
	char *dot = strchr(word, '.');
	char *colon = strchr(word, ':');

	if (dot != NULL && colon != NULL && colon > dot && strchr(colon + 1, ':') == NULL)
		*colon = 0;
}

static bool is_part(char c)
{
	return isalnum((unsigned char)c) || c == '.' || c == ':' || c == '/' || c == '%' ||
	    c == '-' || c == '_';
}

/* Punctuation at a word's end is no part of an address; a colon in pairs is. */
static void cut_end(char *word, size_t n)
{
	while (n > 0 && strchr(".-_/", word[n - 1]) != NULL)
		word[--n] = 0;
	if (n > 1 && word[n - 1] == ':' && word[n - 2] != ':')
		word[n - 1] = 0;
}

bool line_names_device(const char *text)
{
	while (text != NULL && *text != 0) {
		char word[64];
		size_t n = 0;
		while (*text != 0 && !is_part(*text))
			text++;
		for (; is_part(*text); text++)
			if (n < sizeof word - 1)
				word[n++] = *text;
		word[n] = 0;
		cut_end(word, n);
		if (is_mac(word))
			return true;
		cut_port(word);
		/* "a-b" of two addresses is a range, so a room; each alone is not. */
		if (is_address(word))
			return true;
	}
	return false;
}
