#include "kit/head.h"

enum err head_find_end(struct slice bytes, size_t *seen, size_t *len)
{
	size_t limit = bytes.len < HEAD_MAX_BYTES ? bytes.len : HEAD_MAX_BYTES;

	for (size_t i = *seen; i < limit; i++) {
		if (bytes.ptr[i] == 0)
			return ERR_FORMAT;
		if (bytes.ptr[i] != '\n')
			continue;
		if (i == 0 || bytes.ptr[i - 1] != '\r')
			return ERR_FORMAT;
		if (i >= 3 && bytes.ptr[i - 2] == '\n') {
			*len = i + 1;
			return OK;
		}
	}
	*seen = limit;
	return bytes.len >= HEAD_MAX_BYTES ? ERR_RANGE : ERR_AGAIN;
}

/* RFC 9110 section 5.6.2. */
static bool is_token(struct slice s)
{
	static const char others[] = "!#$%&'*+-.^_`|~";

	for (size_t i = 0; i < s.len; i++) {
		uint8_t c = byte_lower(s.ptr[i]);
		bool plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
		if (!plain && memchr(others, c, sizeof others - 1) == NULL)
			return false;
	}
	return s.len > 0;
}

/* A line up to CRLF; what is left behind it stays in *rest. A CR elsewhere is bad. */
static bool cut_line(struct slice *rest, struct slice *line)
{
	*line = slice_cut(rest, '\n');
	if (line->len == 0 || line->ptr[line->len - 1] != '\r')
		return false;
	line->len--;
	return line->len == 0 || memchr(line->ptr, '\r', line->len) == NULL;
}

static unsigned parse_method(struct slice word, struct head *out)
{
	if (slice_equal(word, SLICE_LIT("GET"))) {
		out->method = HEAD_GET;
	} else if (slice_equal(word, SLICE_LIT("HEAD"))) {
		out->method = HEAD_HEAD;
	} else if (slice_equal(word, SLICE_LIT("POST"))) {
		out->method = HEAD_POST;
	} else {
		return is_token(word) ? 405 : 400;
	}
	return 0;
}

/* origin-form, or absolute-form with http: (RFC 9112 section 3.2); its authority is then
 * left in *authority. */
static unsigned parse_target(struct slice target, struct head *out, struct slice *authority)
{
	static const struct slice scheme = {(const uint8_t *)"http://", 7};

	*authority = SLICE_EMPTY;
	if (target.len >= scheme.len &&
	    slice_equal_nocase((struct slice){target.ptr, scheme.len}, scheme)) {
		struct slice rest = {target.ptr + scheme.len, target.len - scheme.len};
		size_t n = 0;
		while (n < rest.len && rest.ptr[n] != '/' && rest.ptr[n] != '?')
			n++;
		*authority = (struct slice){rest.ptr, n};
		target = (struct slice){rest.ptr + n, rest.len - n};
		if (authority->len == 0)
			return 400;
	}
	/* "http://name" and "http://name?q" ask for "/" (RFC 9110 section 4.2.3). */
	if (authority->len == 0 && (target.len == 0 || target.ptr[0] != '/'))
		return 400;
	for (size_t i = 0; i < target.len; i++) {
		if (target.ptr[i] <= ' ' || target.ptr[i] >= 0x7f || target.ptr[i] == '#')
			return 400;
	}
	if (target.len > 0)
		out->path = slice_cut(&target, '?');
	if (out->path.len == 0)
		out->path = SLICE_LIT("/");
	out->query = target;
	return 0;
}

static unsigned parse_request_line(
    struct slice line, struct head *out, struct slice *authority, bool *is_http11)
{
	struct slice method = slice_cut(&line, ' ');
	struct slice target = slice_cut(&line, ' ');
	struct slice version = line;

	if (version.len != 8 || !slice_starts(version, SLICE_LIT("HTTP/")))
		return 400;
	if (!slice_starts(version, SLICE_LIT("HTTP/1.")))
		return 505;
	if (version.ptr[7] < '0' || version.ptr[7] > '9')
		return 400;
	*is_http11 = version.ptr[7] != '0';
	unsigned status = parse_target(target, out, authority);
	return status != 0 ? status : parse_method(method, out);
}

/* What may stand in a name or an IPv4 address (RFC 3986 section 3.2.2, reg-name). */
static bool is_host_text(struct slice s)
{
	static const char others[] = "-._~!$&'()*+,;=%";

	for (size_t i = 0; i < s.len; i++) {
		uint8_t c = byte_lower(s.ptr[i]);
		bool plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
		if (!plain && memchr(others, c, sizeof others - 1) == NULL)
			return false;
	}
	return true;
}

static bool is_ipv6_text(struct slice s)
{
	for (size_t i = 0; i < s.len; i++) {
		uint8_t c = byte_lower(s.ptr[i]);
		bool digit = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
		if (!digit && c != ':' && c != '.')
			return false;
	}
	return s.len > 0;
}

/* "name:8080", "[::1]:80", "1.2.3.4": *host is left without the port. False for what is none
 * of these: nobody may read a user, a second port or a path into it. */
static bool split_host(struct slice authority, struct slice *host)
{
	struct slice rest = authority;
	uint64_t port;

	if (authority.len > 0 && authority.ptr[0] == '[') {
		struct slice inside = slice_cut(&rest, ']');
		if (rest.ptr == NULL ||
		    !is_ipv6_text((struct slice){inside.ptr + 1, inside.len - 1}))
			return false;
		*host = (struct slice){authority.ptr, inside.len + 1};
		if (rest.len > 0 && rest.ptr[0] != ':')
			return false;
		if (rest.len > 0)
			rest = (struct slice){rest.ptr + 1, rest.len - 1};
	} else {
		*host = slice_cut(&rest, ':');
		if (!is_host_text(*host))
			return false;
	}
	return rest.len == 0 || (rest.len <= 5 && slice_to_u64(rest, UINT16_MAX, &port));
}

/* What the framing headers have said so far. */
struct framing {
	bool host_seen;
	bool length_seen;
	uint64_t length;
};

static bool is_named(struct slice name, const char *expected)
{
	return slice_equal_nocase(name, slice_of(expected));
}

/* One number, as it would be printed: no sign, no list, no leading zero (octal to some). */
static bool parse_length(struct slice value, struct framing *framing)
{
	if (framing->length_seen || !slice_to_u64(value, UINT32_MAX, &framing->length))
		return false;
	framing->length_seen = true;
	return value.len == 1 || value.ptr[0] != '0';
}

static unsigned parse_framing(
    struct slice name, struct slice value, struct head *out, struct framing *framing)
{
	if (is_named(name, "host")) {
		if (framing->host_seen || !split_host(value, &out->host))
			return 400;
		framing->host_seen = true;
		out->authority = value;
	} else if (is_named(name, "transfer-encoding")) {
		/* With or without a length: a form is short, and its length is known. */
		return 400;
	} else if (is_named(name, "content-length")) {
		return parse_length(value, framing) ? 0 : 400;
	}
	return 0;
}

static unsigned parse_header(struct slice line, struct head *out, struct framing *framing)
{
	const struct {
		const char *name;
		struct slice *value;
		bool is_list; /* may come twice: the last one is taken */
	} wanted[] = {
	    {"accept", &out->accept, true},
	    {"accept-language", &out->accept_language, true},
	    {"accept-encoding", &out->accept_encoding, true},
	    {"sec-fetch-dest", &out->sec_fetch_dest, false},
	    {"sec-fetch-site", &out->sec_fetch_site, false},
	    {"origin", &out->origin, false},
	    {"content-type", &out->content_type, false},
	    {"content-encoding", &out->content_encoding, false},
	    {"expect", &out->expect, false},
	};
	struct slice value = line;
	struct slice name = slice_cut(&value, ':');

	if (value.ptr == NULL || !is_token(name)) /* folded lines begin with a blank */
		return 400;
	value = slice_trim(value);
	for (size_t i = 0; i < value.len; i++) {
		if ((value.ptr[i] < ' ' && value.ptr[i] != '\t') || value.ptr[i] == 0x7f)
			return 400;
	}
	for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
		if (!is_named(name, wanted[i].name))
			continue;
		if (!wanted[i].is_list && wanted[i].value->ptr != NULL)
			return 400;
		*wanted[i].value = value;
	}
	return parse_framing(name, value, out, framing);
}

/* What only the whole head can say. */
static unsigned judge_authority(
    struct slice authority, const struct framing *framing, struct head *out)
{
	struct slice host;

	if (authority.len == 0)
		return 0;
	if (!split_host(authority, &host) || host.len == 0)
		return 400;
	/* Two places that name the host must agree; a client sends the same (RFC 9112
	 * section 3.2.2), and only a lie gains by the difference. */
	if (framing->host_seen && !slice_equal_nocase(authority, out->authority))
		return 400;
	out->host = host;
	out->authority = authority;
	return 0;
}

static unsigned judge_body(const struct framing *framing, bool is_http11, struct head *out)
{
	if (out->expect.ptr != NULL && is_http11) {
		if (!is_named(out->expect, "100-continue"))
			return 417;
		out->expects_continue = true;
	}
	if (out->method != HEAD_POST)
		return framing->length > 0 ? 413 : 0;
	if (!framing->length_seen)
		return 411;
	out->is_packed = out->content_encoding.ptr != NULL &&
	    !is_named(out->content_encoding, "identity");
	out->body_bytes = (uint32_t)framing->length;
	return 0;
}

static unsigned parse_headers(struct slice bytes, struct head *out, struct framing *framing)
{
	struct slice line;

	for (;;) {
		if (!cut_line(&bytes, &line))
			return 400;
		if (line.len == 0)
			return 0;
		unsigned refused = parse_header(line, out, framing);
		if (refused != 0)
			return refused;
	}
}

unsigned head_parse(struct slice bytes, struct head *out)
{
	struct framing framing = {.length = 0};
	struct slice line, authority;
	bool is_http11;

	*out = (struct head){.path = SLICE_LIT("/")};
	if (!cut_line(&bytes, &line))
		return 400;
	unsigned status = parse_request_line(line, out, &authority, &is_http11);
	/* A wrong method is told only once the rest is known to be sound. */
	if (status != 0 && status != 405)
		return status;
	unsigned refused = parse_headers(bytes, out, &framing);
	if (refused == 0 && is_http11 && !framing.host_seen)
		refused = 400;
	if (refused == 0)
		refused = judge_authority(authority, &framing, out);
	if (refused != 0 || status != 0)
		return refused != 0 ? refused : status;
	return judge_body(&framing, is_http11, out);
}

struct slice head_query(struct slice query, const char *name)
{
	while (query.len > 0) {
		struct slice value = slice_cut(&query, '&');
		struct slice key = slice_cut(&value, '=');
		if (slice_equal(key, slice_of(name)))
			return value;
	}
	return SLICE_EMPTY;
}

/* The weight of "…;q=0.7" in thousandths; 1000 without one, 0 for nonsense. */
static unsigned weight_of(struct slice parameters)
{
	while (parameters.len > 0) {
		struct slice one = slice_trim(slice_cut(&parameters, ';'));
		if (one.len < 3 || byte_lower(one.ptr[0]) != 'q' || one.ptr[1] != '=')
			continue;
		unsigned weight = one.ptr[2] == '1' ? 1000 : 0;
		unsigned place = 100;
		for (size_t i = 4; weight < 1000 && i < one.len && place > 0; i++) {
			if (one.ptr[i] < '0' || one.ptr[i] > '9')
				return 0;
			weight += (unsigned)(one.ptr[i] - '0') * place;
			place /= 10;
		}
		return weight;
	}
	return 1000;
}

bool head_accepts(struct slice list, const char *word)
{
	while (list.len > 0) {
		struct slice parameters = slice_cut(&list, ',');
		struct slice item = slice_trim(slice_cut(&parameters, ';'));
		if (slice_equal_nocase(item, slice_of(word)))
			return weight_of(parameters) > 0;
	}
	return false;
}

bool head_wants_page(const struct head *head)
{
	if (head->sec_fetch_dest.ptr != NULL &&
	    !slice_equal_nocase(head->sec_fetch_dest, SLICE_LIT("document")))
		return false;
	return head->accept.ptr == NULL || head_accepts(head->accept, "text/html") ||
	    head_accepts(head->accept, "application/xhtml+xml");
}

bool head_is_form(const struct head *head)
{
	struct slice parameters = head->content_type;
	struct slice type = slice_trim(slice_cut(&parameters, ';'));

	if (!is_named(type, "application/x-www-form-urlencoded"))
		return false;
	parameters = slice_trim(parameters);
	return parameters.len == 0 || is_named(parameters, "charset=utf-8");
}

size_t head_choose_language(
    struct slice accept_language, const char *const *words, size_t count)
{
	size_t best = 0;
	unsigned best_weight = 0;

	while (accept_language.len > 0) {
		struct slice parameters = slice_cut(&accept_language, ',');
		struct slice range = slice_trim(slice_cut(&parameters, ';'));
		struct slice primary = slice_cut(&range, '-');
		unsigned weight = weight_of(parameters);
		for (size_t i = 0; i < count; i++) {
			if (slice_equal_nocase(primary, slice_of(words[i])) &&
			    weight > best_weight) {
				best = i;
				best_weight = weight;
			}
		}
	}
	return best;
}
