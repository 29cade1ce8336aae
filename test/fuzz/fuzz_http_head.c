/* The head of a request: what is accepted must lie inside the bytes and be sound. */
#include <stdlib.h>

#include "kit/head.h"
#include "page/token.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Not assert(), which a release build leaves out. */
static void hold(bool condition)
{
	if (!condition)
		abort();
}

static void check_inside(struct slice part, struct slice whole)
{
	if (part.len == 0)
		return;
	hold(part.ptr >= whole.ptr);
	hold((size_t)(part.ptr - whole.ptr) <= whole.len);
	hold(part.len <= whole.len - (size_t)(part.ptr - whole.ptr));
	hold(memchr(part.ptr, '\n', part.len) == NULL);
	hold(memchr(part.ptr, '\r', part.len) == NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const words[] = {"vi", "en"};
	struct slice bytes = {data, size};
	struct head head;
	size_t seen = 0, len;

	if (head_find_end(bytes, &seen, &len) != OK)
		return 0;
	hold(len <= size && len <= HEAD_MAX_BYTES);
	bytes.len = len;
	if (head_parse(bytes, &head) != 0)
		return 0;
	check_inside(head.host, bytes);
	check_inside(head.query, bytes);
	check_inside(head.accept, bytes);
	check_inside(head.accept_language, bytes);
	check_inside(head.accept_encoding, bytes);
	check_inside(head.sec_fetch_dest, bytes);
	check_inside(head.sec_fetch_site, bytes);
	check_inside(head.authority, bytes);
	check_inside(head.origin, bytes);
	check_inside(head.content_type, bytes);
	hold(head.method == HEAD_POST || head.body_bytes == 0);
	hold(head.host.len <= head.authority.len);
	(void)head_is_form(&head);
	(void)token_same_site(&head, "http");
	hold(head.path.len > 0 && head.path.ptr[0] == '/');
	hold(head_choose_language(head.accept_language, words, 2) < 2);
	(void)head_wants_page(&head);
	(void)head_accepts(head.accept_encoding, "gzip");
	(void)head_query(head.query, "lang");
	return 0;
}
