#include "page/head.h"

enum err head_find_end(struct slice bytes, size_t *len)
{
	size_t limit = bytes.len < HEAD_MAX_BYTES ? bytes.len : HEAD_MAX_BYTES;

	for (size_t i = 0; i < limit; i++) {
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
	} else {
		return is_token(word) ? 405 : 400;
	}
	return 0;
}

/* origin-form, or absolute-form with http: (RFC 9112 section 3.2); its authority then
 * overrules Host and is left in *authority. */
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
		if (target.ptr[i] <= ' ' || target.ptr[i] == 0x7f)
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
    struct slice line, struct head *out, struct slice *authority, bool *host_needed)
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
	*host_needed = version.ptr[7] != '0';
	unsigned status = parse_target(target, out, authority);
	return status != 0 ? status : parse_method(method, out);
}

/* "name:8080", "[::1]:80", "1.2.3.4" without the port. */
static struct slice without_port(struct slice host)
{
	if (host.len > 0 && host.ptr[0] == '[') {
		const uint8_t *end = memchr(host.ptr, ']', host.len);
		return end == NULL ? host
		                   : (struct slice){host.ptr, (size_t)(end - host.ptr) + 1};
	}
	return slice_cut(&host, ':');
}

/* What the framing headers have said so far. */
struct framing {
	bool host_seen;
	bool length_seen;
	bool body;
};

static bool is_named(struct slice name, const char *expected)
{
	return slice_equal_nocase(name, slice_of(expected));
}

static unsigned parse_framing(
    struct slice name, struct slice value, struct head *out, struct framing *framing)
{
	if (is_named(name, "host")) {
		if (framing->host_seen)
			return 400;
		framing->host_seen = true;
		out->host = without_port(value);
	} else if (is_named(name, "transfer-encoding")) {
		/* With or without a length: no request of ours has a body. */
		return 400;
	} else if (is_named(name, "content-length")) {
		uint64_t length;
		if (framing->length_seen || !slice_to_u64(value, UINT32_MAX, &length))
			return 400;
		framing->length_seen = true;
		framing->body = length > 0;
	}
	return 0;
}

static unsigned parse_header(struct slice line, struct head *out, struct framing *framing)
{
	const struct {
		const char *name;
		struct slice *value;
	} wanted[] = {
	    {"accept", &out->accept},
	    {"accept-language", &out->accept_language},
	    {"accept-encoding", &out->accept_encoding},
	    {"sec-fetch-dest", &out->sec_fetch_dest},
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
		if (is_named(name, wanted[i].name))
			*wanted[i].value = value;
	}
	return parse_framing(name, value, out, framing);
}

unsigned head_parse(struct slice bytes, struct head *out)
{
	struct framing framing = {false, false, false};
	struct slice line, authority;
	bool host_needed;

	*out = (struct head){.path = SLICE_LIT("/")};
	if (!cut_line(&bytes, &line))
		return 400;
	unsigned status = parse_request_line(line, out, &authority, &host_needed);
	/* A wrong method is told only once the rest is known to be sound. */
	if (status != 0 && status != 405)
		return status;
	for (;;) {
		if (!cut_line(&bytes, &line))
			return 400;
		if (line.len == 0)
			break;
		unsigned refused = parse_header(line, out, &framing);
		if (refused != 0)
			return refused;
	}
	if (host_needed && !framing.host_seen)
		return 400;
	if (authority.len > 0)
		out->host = without_port(authority);
	if (status == 0 && framing.body)
		return 413;
	return status;
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
