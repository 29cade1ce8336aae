#include "conf/internal.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/words.h"

enum {
	DNS_PORT = 53,
	PORT_MAX = 65535,
	WORD_BYTES_MAX = 63
};

/* Nothing that could end a line of mail or HTTP, or hide in one. */
bool value_is_printable(const char *text)
{
	for (const uint8_t *at = (const uint8_t *)text; *at != 0; at++)
		if (*at <= ' ' || *at >= 0x7f)
			return false;
	return true;
}

static bool keep_slice(struct schema_run *run, struct slice text, const char **out)
{
	const char *copy = arena_text(run->arena, text);

	if (copy == NULL)
		run->no_memory = true;
	else
		*out = copy;
	return copy != NULL;
}

bool value_read_host(
    struct schema_run *run, struct slice text, const char **host, uint16_t *port)
{
	struct name_buf name;
	struct addr addr;
	uint64_t number = *port;

	if (addr_from_text(&addr, text, NULL) == OK) {
		char literal[ADDR_TEXT_MAX];
		if (addr.port != 0)
			*port = addr.port;
		addr_to_text(literal, &addr);
		return keep_slice(run, slice_of(literal), host);
	}
	struct slice rest = text;
	struct slice before = slice_cut(&rest, ':');
	if (rest.ptr != NULL && (!slice_to_u64(rest, PORT_MAX, &number) || number == 0))
		return false;
	if (name_from_text(&name, before, NULL) != OK || name.len < 2)
		return false;
	*port = (uint16_t)number;
	return keep_slice(run, before, host);
}

bool value_only_of(const char *text, const char *extra)
{
	for (; *text != 0; text++) {
		bool plain =
		    (*text >= 'a' && *text <= 'z') || (*text >= '0' && *text <= '9');
		if (!plain && strchr(extra, *text) == NULL)
			return false;
	}
	return true;
}

void value_mistake_of(struct schema_run *run, const struct schema_row *row,
    const struct yaml_node *value, const struct diag *why)
{
	schema_mistake(
	    run, value->mark, "'%s': %s", schema_path(run, row->name), why->text);
}

static bool keep_text(struct conf_text *out, const char *text, struct mark mark)
{
	*out = (struct conf_text){.text = text, .mark = mark};
	return true;
}

/* ---- addresses -------------------------------------------------------------------------- */

static bool read_endpoint(struct schema_run *run, const struct schema_row *row,
    const struct yaml_node *value, void *out)
{
	struct config_endpoint *endpoint = out;
	struct diag why;
	struct addr addr;

	const char *text = schema_scalar(run, row, value);
	if (text == NULL)
		return false;
	if (addr_from_text(&addr, slice_of(text), &why) != OK) {
		value_mistake_of(run, row, value, &why);
		return false;
	}
	if (addr.port == 0) {
		schema_mistake(run, value->mark,
		    _("'%s' has no port (write ADDRESS:PORT, such as 0.0.0.0:53 or "
		      "\"[::]:53\")"),
		    text);
		return false;
	}
	*endpoint = (struct config_endpoint){addr, text, value->mark};
	return true;
}

static bool read_endpoint_or_none(struct schema_run *run, const struct schema_row *row,
    const struct yaml_node *value, void *out)
{
	struct config_endpoint *endpoint = out;

	const char *text = schema_scalar(run, row, value);
	if (text == NULL)
		return false;
	if (text[0] != 0)
		return read_endpoint(run, row, value, out);
	*endpoint = (struct config_endpoint){ADDR_NONE, text, value->mark};
	return true;
}

/* ---- names ------------------------------------------------------------------------------ */

static bool has_bytes_above_ascii(const char *text)
{
	for (; *text != 0; text++)
		if ((unsigned char)*text >= 0x80)
			return true;
	return false;
}

static bool keep_name(struct schema_run *run, struct config_name *name,
    const struct name_buf *buf, const struct yaml_node *value)
{
	uint8_t *wire = arena_alloc(run->arena, buf->len);

	if (wire == NULL) {
		run->no_memory = true;
		return false;
	}
	memcpy(wire, buf->wire, buf->len);
	*name = (struct config_name){{wire, buf->len}, value->text, value->mark};
	return true;
}

static bool read_name(struct schema_run *run, const struct schema_row *row,
    const struct yaml_node *value, void *out)
{
	struct name_buf buf;
	struct diag why;

	const char *text = schema_scalar(run, row, value);
	if (text == NULL)
		return false;
	if (strncmp(text, "*.", 2) == 0) {
		schema_mistake(run, value->mark,
		    _("'%s' needs no star (write %s: a name covers all below it)"), text,
		    text + 2);
		return false;
	}
	if (has_bytes_above_ascii(text)) {
		schema_mistake(run, value->mark,
		    _("'%s' has letters outside a-z (write the name in its xn-- form)"),
		    text);
		return false;
	}
	if (name_from_text(&buf, slice_of(text), &why) != OK) {
		value_mistake_of(run, row, value, &why);
		return false;
	}
	if (buf.len == 1) {
		schema_mistake(run, value->mark,
		    _("'%s' would cover every name (write a domain name)"), text);
		return false;
	}
	return keep_name(run, out, &buf, value);
}

static bool read_word(struct schema_run *run, const struct schema_row *row,
    const struct yaml_node *value, void *out)
{
	const char *text = schema_scalar(run, row, value);
	if (text == NULL)
		return false;
	if (text[0] == 0 || strlen(text) > WORD_BYTES_MAX || !value_only_of(text, "-_")) {
		schema_mistake(run, value->mark,
		    _("'%s' is not a name for '%s' (use a-z, 0-9, - and _, at most 63)"),
		    text, schema_path(run, row->name));
		return false;
	}
	return keep_text(out, text, value->mark);
}

/* ---- upstreams, answers ----------------------------------------------------------------- */

static bool upstream_address(struct schema_run *run, const struct schema_row *row,
    const struct yaml_node *value, const char *text, struct config_upstream_server *out)
{
	struct diag why;

	if (addr_from_text(&out->addr, slice_of(text), &why) != OK) {
		value_mistake_of(run, row, value, &why);
		return false;
	}
	if (addr_is_unspecified(&out->addr) || addr_is_multicast(&out->addr)) {
		schema_mistake(run, value->mark,
		    _("'%s' is nobody's address (write that of a DNS server)"), text);
		return false;
	}
	if (out->addr.port == 0)
		out->addr.port = DNS_PORT;
	return true;
}

static bool read_upstream(struct schema_run *run, const struct schema_row *row,
    const struct yaml_node *value, void *out)
{
	struct config_upstream_server server = {
	    .transport = UPSTREAM_UDP, .mark = value->mark};

	const char *text = schema_scalar(run, row, value);
	if (text == NULL)
		return false;
	server.text = text;
	if (strncmp(text, "tls://", 6) == 0 || strncmp(text, "https://", 8) == 0) {
		schema_mistake(run, value->mark,
		    _("'%s': encrypted upstreams are not built yet; write udp://ADDRESS or "
		      "tcp://ADDRESS"),
		    text);
		return false;
	}
	if (strncmp(text, "udp://", 6) == 0) {
		text += 6;
	} else if (strncmp(text, "tcp://", 6) == 0) {
		text += 6;
		server.transport = UPSTREAM_TCP;
	} else if (strstr(text, "://") != NULL) {
		schema_mistake(run, value->mark,
		    _("'%s' begins with an unknown scheme (write udp://ADDRESS or "
		      "tcp://ADDRESS)"),
		    text);
		return false;
	}
	if (!upstream_address(run, row, value, text, &server))
		return false;
	memcpy(out, &server, sizeof server);
	return true;
}

static bool read_fallback(struct schema_run *run, const struct schema_row *row,
    const struct yaml_node *value, void *out)
{
	struct config_upstream_server *server = out;

	if (value->kind != TREE_SCALAR || strcmp(value->text, "gateway") != 0)
		return read_upstream(run, row, value, out);
	*server = (struct config_upstream_server){
	    .transport = UPSTREAM_GATEWAY, .text = value->text, .mark = value->mark};
	return true;
}

/* row->min is the family's number: 4 or 6. */
static bool read_answer(struct schema_run *run, const struct schema_row *row,
    const struct yaml_node *value, void *out)
{
	struct config_answer answer = {.kind = ANSWER_ADDRESS};
	sa_family_t family = row->min == 4 ? AF_INET : AF_INET6;
	struct diag why;

	const char *text = schema_scalar(run, row, value);
	if (text == NULL)
		return false;
	if (strcmp(text, "auto") == 0) {
		answer.kind = ANSWER_AUTO;
	} else if (strcmp(text, "none") == 0) {
		answer.kind = ANSWER_NONE;
	} else if (addr_from_text(&answer.addr, slice_of(text), &why) != OK ||
	    answer.addr.family != family || answer.addr.port != 0) {
		schema_mistake(run, value->mark,
		    _("'%s' is no IPv%d address (write one without a port, auto, or none)"),
		    text, row->min == 4 ? 4 : 6);
		return false;
	}
	memcpy(out, &answer, sizeof answer);
	return true;
}

/* ---- texts with rules ------------------------------------------------------------------- */

static const char ZONE_FOLDER[] = "/usr/share/zoneinfo";

static bool zone_exists(const char *name)
{
	char path[sizeof ZONE_FOLDER + 80];

	if (name[0] == '/' || name[0] == '.' || strstr(name, "..") != NULL)
		return false;
	/* A machine without the database (a small router) has nothing to check against. */
	if (access(ZONE_FOLDER, R_OK) != 0)
		return true;
	int n = snprintf(path, sizeof path, "%s/%s", ZONE_FOLDER, name);
	return n > 0 && (size_t)n < sizeof path && access(path, R_OK) == 0;
}

static bool read_zone(struct schema_run *run, const struct schema_row *row,
    const struct yaml_node *value, void *out)
{
	const char *text = schema_scalar(run, row, value);
	if (text == NULL)
		return false;
	/* The default is not checked: it is right wherever zones are known at all. */
	if (value->mark.line > 0 && (text[0] == 0 || !zone_exists(text))) {
		schema_mistake(run, value->mark,
		    _("unknown time zone '%s' (write one such as Asia/Ho_Chi_Minh; "
		      "`timedatectl list-timezones` lists them)"),
		    text);
		return false;
	}
	return keep_text(out, text, value->mark);
}

static bool url_is_sound(const char *text)
{
	static const char *const HOSTED[] = {"https://", "http://"};

	for (const char *c = text; *c != 0; c++)
		if ((unsigned char)*c <= ' ' || *c == 0x7f)
			return false;
	for (size_t i = 0; i < COUNT_OF(HOSTED); i++) {
		size_t len = strlen(HOSTED[i]);
		if (strncmp(text, HOSTED[i], len) == 0)
			return text[len] != 0 && text[len] != '/' && text[len] != ':';
	}
	return strncmp(text, "file:", 5) == 0 && text[5] != 0;
}

static bool read_url(struct schema_run *run, const struct schema_row *row,
    const struct yaml_node *value, void *out)
{
	const char *text = schema_scalar(run, row, value);
	if (text == NULL)
		return false;
	if (!url_is_sound(text)) {
		schema_mistake(run, value->mark,
		    _("'%s' is no address of a list (write https://HOST/PATH, "
		      "http://HOST/PATH or file:PATH)"),
		    text);
		return false;
	}
	return keep_text(out, text, value->mark);
}

const struct schema_type VALUE_ENDPOINT = {
    "address:port", read_endpoint, sizeof(struct config_endpoint), false};
const struct schema_type VALUE_ENDPOINT_OR_NONE = {
    "address:port", read_endpoint_or_none, sizeof(struct config_endpoint), false};
const struct schema_type VALUE_NAME = {
    "domain name", read_name, sizeof(struct config_name), false};
const struct schema_type VALUE_UPSTREAM = {
    "upstream", read_upstream, sizeof(struct config_upstream_server), false};
const struct schema_type VALUE_FALLBACK = {
    "`gateway` or upstream", read_fallback, sizeof(struct config_upstream_server), false};
const struct schema_type VALUE_ANSWER = {
    "`auto`, `none` or address", read_answer, sizeof(struct config_answer), false};
const struct schema_type VALUE_ZONE = {
    "time zone", read_zone, sizeof(struct conf_text), true};
const struct schema_type VALUE_URL = {"URL", read_url, sizeof(struct conf_text), true};
const struct schema_type VALUE_WORD = {"word", read_word, sizeof(struct conf_text), true};
