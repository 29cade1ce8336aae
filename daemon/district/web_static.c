#include "district/web_pages.h"

#include <stdio.h>
#include <string.h>

#include "district/static.h"

/* Open to everybody: the page of signing in has its looks from here. The address carries the hash, so what a browser holds
 * is good for as long as it likes. */
void web_static(struct call *c)
{
	const struct static_file *file = static_find(c->path_rest);
	char tag[32];

	if (file == NULL) {
		call_refuse(c, 404, "not-found", "there is no such file");
		return;
	}
	(void)snprintf(tag, sizeof tag, "\"%s\"", file->hash);
	call_set_header(c, "ETag", tag);
	call_set_header(c, "Cache-Control", "public, max-age=31536000, immutable");
	if (strcmp(call_header(c, "If-None-Match"), tag) == 0) {
		call_reply(c, 304, file->type);
		return;
	}
	buf_append(&c->out, file->content);
	call_reply(c, 200, file->type);
}
