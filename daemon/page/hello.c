#include "page/hello.h"

enum {
	RECORD_HANDSHAKE = 22,
	RECORD_MAJOR = 3, /* of every version since SSL 3 */
	RECORD_MAX = 16384,
	MESSAGE_CLIENT_HELLO = 1,
	MESSAGE_HEAD_BYTES = 4,
	RANDOM_BYTES = 32,
	SESSION_MAX = 32,
	EXTENSION_SERVER_NAME = 0,
	NAME_TYPE_HOST = 0,
	HOST_MAX = 253 /* a name as text, without the last dot */
};

/* The message of several records, without their heads. */
struct gathered {
	struct writer body;
	uint8_t storage[HELLO_MAX_BYTES];
};

/* How long the message is by its own words; 0 until they are there. ERR_FORMAT: it is
 * another message. */
static enum err read_length(struct slice body, size_t *len)
{
	struct reader r = reader_over(body);
	uint8_t type = reader_u8(&r);
	size_t high = reader_u8(&r);
	size_t low = reader_u16(&r);

	*len = r.bad ? 0 : MESSAGE_HEAD_BYTES + (high << 16 | low);
	return body.len > 0 && type != MESSAGE_CLIENT_HELLO ? ERR_FORMAT : OK;
}

/* One record; *want is what it takes from the first octet of `all` on. */
static enum err gather_record(
    struct gathered *g, struct slice all, struct reader *r, size_t *want)
{
	size_t before = all.len - r->left;
	struct reader head = *r;
	uint8_t type = reader_u8(&head);
	uint8_t major = reader_u8(&head);

	if ((r->left > 0 && type != RECORD_HANDSHAKE) ||
	    (r->left > 1 && major != RECORD_MAJOR))
		return ERR_FORMAT;
	(void)reader_u8(&head);
	size_t len = reader_u16(&head);
	*want = before + HELLO_RECORD_BYTES + (head.bad ? 0 : len);
	if (!head.bad && (len == 0 || len > RECORD_MAX))
		return ERR_FORMAT;
	if (*want > HELLO_MAX_BYTES)
		return ERR_RANGE;
	if (head.bad || head.left < len)
		return ERR_AGAIN;
	*r = head;
	writer_bytes(&g->body, reader_bytes(r, len));
	return OK;
}

static enum err gather(struct gathered *g, struct slice bytes, size_t *want)
{
	struct reader r = reader_over(bytes);
	size_t len = 0;

	g->body = writer_over(g->storage, sizeof g->storage);
	while (len == 0 || g->body.len < len) {
		enum err rc = gather_record(g, bytes, &r, want);
		if (rc == OK)
			rc = read_length(writer_slice(&g->body), &len);
		if (rc != OK)
			return rc;
		if (len > HELLO_MAX_BYTES)
			return ERR_RANGE;
	}
	return g->body.len == len ? OK : ERR_FORMAT; /* nothing may follow it yet */
}

/* What browsers ask for and DNS could have answered; no dot at the end (RFC 6066). */
static bool read_host(struct slice text, struct name_buf *name)
{
	for (size_t i = 0; i < text.len; i++) {
		uint8_t c = byte_lower(text.ptr[i]);
		if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '-' &&
		    c != '_' && c != '.')
			return false;
	}
	return text.len > 0 && text.len <= HOST_MAX && text.ptr[text.len - 1] != '.' &&
	    name_from_text(name, text, NULL) == OK;
}

/* One list with one name. */
static bool read_server_name(struct slice extension, struct name_buf *name)
{
	struct reader r = reader_over(extension);
	size_t list = reader_u16(&r);

	if (r.bad || list != r.left)
		return false;
	uint8_t type = reader_u8(&r);
	struct slice host = reader_bytes(&r, reader_u16(&r));
	return !r.bad && r.left == 0 && type == NAME_TYPE_HOST && read_host(host, name);
}

static bool read_extensions(struct reader *r, struct name_buf *name)
{
	size_t all = reader_u16(r);
	bool named = false;

	if (r->bad || all != r->left)
		return false;
	while (r->left > 0) {
		uint16_t type = reader_u16(r);
		struct slice content = reader_bytes(r, reader_u16(r));
		if (r->bad)
			return false;
		if (type != EXTENSION_SERVER_NAME)
			continue;
		if (named || !read_server_name(content, name))
			return false;
		named = true;
	}
	return true;
}

static bool read_message(struct slice message, struct name_buf *name)
{
	struct reader r = reader_over(message);

	(void)reader_bytes(&r, MESSAGE_HEAD_BYTES + 2 + RANDOM_BYTES); /* and version */
	size_t session = reader_u8(&r);
	(void)reader_bytes(&r, session);
	size_t ciphers = reader_u16(&r);
	(void)reader_bytes(&r, ciphers);
	size_t compressions = reader_u8(&r);
	(void)reader_bytes(&r, compressions);
	if (r.bad || session > SESSION_MAX || ciphers == 0 || ciphers % 2 != 0 ||
	    compressions == 0)
		return false;
	/* Old clients may leave the extensions away. */
	return r.left == 0 || read_extensions(&r, name);
}

enum err hello_find_name(struct slice bytes, struct name_buf *name, size_t *want)
{
	struct gathered g;
	struct name_buf found = {.len = 0};
	size_t enough = 0;

	enum err rc = gather(&g, bytes, &enough);
	if (rc == ERR_AGAIN)
		*want = enough;
	if (rc == OK && !read_message(writer_slice(&g.body), &found))
		rc = ERR_FORMAT;
	if (rc == OK)
		*name = found;
	return rc;
}
