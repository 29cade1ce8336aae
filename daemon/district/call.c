#include "district/call.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "district/internal.h"

/* ---- decoding --------------------------------------------------------------------------- */

static bool hex_value(uint8_t c, uint8_t *value)
{
	uint8_t lower = byte_lower(c);

	if (c >= '0' && c <= '9')
		*value = (uint8_t)(c - '0');
	else if (lower >= 'a' && lower <= 'f')
		*value = (uint8_t)(lower - 'a' + 10);
	else
		return false;
	return true;
}

/* How many octets the character at `s` has, shortest form and no surrogates (RFC 3629);
 * 0: it is none. */
static size_t character_octets(struct slice s)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	uint8_t first = s.ptr[0];
	size_t n = first < 0x80 ? 1
	    : first >> 5 == 6   ? 2
	    : first >> 4 == 14  ? 3
	    : first >> 3 == 30  ? 4
	                        : 0;

	if (n <= 1 || s.len < n)
		return n == 1 ? 1 : 0;
	uint32_t code = first & (0x7fU >> n);
	for (size_t i = 1; i < n; i++) {
		if (s.ptr[i] >> 6 != 2)
			return 0;
		code = code << 6 | (s.ptr[i] & 0x3fU);
	}
	bool surrogate = code >= 0xd800 && code <= 0xdfff;
	return code < least[n] || code > 0x10ffff || surrogate ? 0 : n;
}

bool call_is_utf8(struct slice s)
{
	while (s.len > 0) {
		size_t n = character_octets(s);
		if (n == 0)
			return false;
		s = (struct slice){s.ptr + n, s.len - n};
	}
	return true;
}

char *call_decode(struct arena *memory, struct slice text, enum call_plus plus)
{
	char *out = arena_alloc(memory, text.len + 1);
	size_t len = 0;

	if (out == NULL)
		return NULL;
	for (size_t i = 0; i < text.len; i++) {
		uint8_t c = text.ptr[i];
		uint8_t high;
		uint8_t low;
		if (c == '%') {
			if (text.len - i < 3 || !hex_value(text.ptr[i + 1], &high) ||
			    !hex_value(text.ptr[i + 2], &low))
				return NULL;
			c = (uint8_t)(high << 4 | low);
			i += 2;
		} else if (c == '+' && plus == CALL_PLUS_IS_BLANK) {
			c = ' ';
		}
		if (c == 0)
			return NULL;
		out[len++] = (char)c;
	}
	out[len] = 0;
	return call_is_utf8((struct slice){(const uint8_t *)out, len}) ? out : NULL;
}

static size_t count_pairs(struct slice text)
{
	size_t count = 1;

	for (size_t i = 0; i < text.len; i++)
		count += text.ptr[i] == '&';
	return count;
}

static enum err read_pairs(struct arena *memory, struct slice text, struct call_pairs *out)
{
	size_t count = count_pairs(text);

	if (text.len == 0)
		return OK;
	if (count > CALL_PAIRS_MAX)
		return ERR_FORMAT;
	out->items = arena_array(memory, count, sizeof *out->items);
	if (out->items == NULL)
		return ERR_MEMORY;
	while (text.len > 0) {
		struct slice value = slice_cut(&text, '&');
		if (value.len == 0)
			continue;
		struct slice name = slice_cut(&value, '=');
		struct call_pair *pair = &out->items[out->count];
		pair->name = call_decode(memory, name, CALL_PLUS_IS_BLANK);
		pair->value = call_decode(memory, value, CALL_PLUS_IS_BLANK);
		if (pair->name == NULL || pair->value == NULL)
			return ERR_FORMAT;
		out->count++;
	}
	return OK;
}

static bool is_form(struct call *c)
{
	struct slice type = slice_of(call_header(c, "content-type"));

	return slice_equal_nocase(slice_trim(slice_cut(&type, ';')),
	    SLICE_LIT("application/x-www-form-urlencoded"));
}

enum err call_prepare(struct call *c)
{
	enum err rc = read_pairs(c->memory, c->raw_query, &c->query);

	if (rc == OK && c->method == CALL_POST && is_form(c))
		rc = read_pairs(c->memory, c->body, &c->form);
	return rc;
}

/* ---- what was asked --------------------------------------------------------------------- */

static const char *find_nth(const struct call_pairs *pairs, const char *name, size_t nth)
{
	for (size_t i = 0; i < pairs->count; i++)
		if (strcmp(pairs->items[i].name, name) == 0 && nth-- == 0)
			return pairs->items[i].value;
	return NULL;
}

const char *call_query(struct call *c, const char *name)
{
	return find_nth(&c->query, name, 0);
}

const char *call_query_nth(struct call *c, const char *name, size_t nth)
{
	return find_nth(&c->query, name, nth);
}

const char *call_form(struct call *c, const char *name)
{
	return find_nth(&c->form, name, 0);
}

const char *call_form_nth(struct call *c, const char *name, size_t nth)
{
	return find_nth(&c->form, name, nth);
}

static const char *keep(struct call *c, struct slice text)
{
	const char *copy = arena_text(c->memory, text);

	return copy != NULL ? copy : "";
}

const char *call_header(struct call *c, const char *name)
{
	struct slice lines = c->head;

	while (lines.len > 0) {
		struct slice value = slice_cut(&lines, '\n');
		struct slice found = slice_cut(&value, ':');
		if (slice_equal_nocase(found, slice_of(name)))
			return keep(c, slice_trim(value));
	}
	return "";
}

const char *call_cookie(struct call *c, const char *name)
{
	struct slice all = slice_of(call_header(c, "cookie"));

	while (all.len > 0) {
		struct slice value = slice_trim(slice_cut(&all, ';'));
		struct slice found = slice_cut(&value, '=');
		if (slice_equal(found, slice_of(name)))
			return keep(c, value);
	}
	return "";
}

/* ---- the answer ------------------------------------------------------------------------- */

void call_reply(struct call *c, unsigned status, const char *type)
{
	c->status = status;
	c->type = type;
}

static bool is_header_text(const char *value)
{
	for (const uint8_t *at = (const uint8_t *)value; *at != 0; at++)
		if (*at < ' ' || *at == 0x7f)
			return false;
	return true;
}

void call_set_header(struct call *c, const char *name, const char *value)
{
	if (!is_header_text(name) || !is_header_text(value))
		return;
	if (slice_equal_nocase(slice_of(name), SLICE_LIT("cache-control")))
		c->headers_set |= CALL_OWN_CACHE_CONTROL;
	if (slice_equal_nocase(slice_of(name), SLICE_LIT("content-security-policy")))
		c->headers_set |= CALL_OWN_CSP;
	buf_printf(&c->headers, "%s: %s\r\n", name, value);
}

void call_redirect(struct call *c, const char *location)
{
	buf_reset(&c->out);
	call_set_header(c, "Location", location);
	call_reply(c, 303, "text/plain; charset=utf-8");
}

void call_json_text(struct buf *out, const char *text)
{
	buf_byte(out, '"');
	for (const char *at = text; *at != 0; at++) {
		if (*at == '"' || *at == '\\')
			buf_printf(out, "\\%c", *at);
		else if ((uint8_t)*at < ' ' || *at == 0x7f)
			buf_printf(out, "\\u%04x", (unsigned)(uint8_t)*at);
		else
			buf_byte(out, (uint8_t)*at);
	}
	buf_byte(out, '"');
}

void call_refuse(struct call *c, unsigned status, const char *why, const char *format, ...)
{
	char sentence[DIAG_TEXT_BYTES];
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(sentence, sizeof sentence, format, arguments);
	va_end(arguments);
	buf_reset(&c->out);
	buf_text(&c->out, "{\"error\":");
	call_json_text(&c->out, sentence);
	buf_text(&c->out, ",\"why\":");
	call_json_text(&c->out, why);
	buf_text(&c->out, "}\n");
	call_reply(c, status, "application/json");
}

void call_encode(struct buf *out, const char *text)
{
	static const char plain[] = "-._~";

	for (const uint8_t *at = (const uint8_t *)text; *at != 0; at++) {
		uint8_t lower = byte_lower(*at);
		if ((lower >= 'a' && lower <= 'z') || (*at >= '0' && *at <= '9') ||
		    strchr(plain, *at) != NULL)
			buf_byte(out, *at);
		else
			buf_printf(out, "%%%02X", *at);
	}
}

/* Nothing here is anybody's to frame, sniff, or load scripts into; the web's own pages take
 * scripts and styles from /static alone. */
void call_write_headers(struct call *c, struct buf *out)
{
	static const char csp[] = "Content-Security-Policy: default-src 'none'; script-src "
	                          "'self'; style-src 'self'; img-src 'self'; connect-src "
	                          "'self'; form-action 'self'; base-uri 'none'; "
	                          "frame-ancestors 'none'\r\n";

	if (c->type != NULL)
		buf_printf(out, "Content-Type: %s\r\n", c->type);
	if ((c->headers_set & CALL_OWN_CACHE_CONTROL) == 0)
		buf_text(out, "Cache-Control: no-store\r\n");
	if ((c->headers_set & CALL_OWN_CSP) == 0)
		buf_text(out, csp);
	if (c->tls)
		buf_text(out, "Strict-Transport-Security: max-age=31536000\r\n");
	buf_text(out,
	    "X-Content-Type-Options: nosniff\r\n"
	    "X-Frame-Options: DENY\r\n"
	    "Referrer-Policy: same-origin\r\n"
	    "Cross-Origin-Opener-Policy: same-origin\r\n"
	    "Cross-Origin-Resource-Policy: same-origin\r\n");
	buf_append(out, buf_slice(&c->headers));
}
