#include "kit/reach.h"

#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "base/buf.h"
#include "conf/config.h"

enum {
	ADDRESSES_MAX = 8
};

static bool is_near(const struct addr *a)
{
	return addr_is_loopback(a) || addr_is_private(a) || addr_is_link_local(a);
}

/* "HOST:PORT:A,B", the form of CURLOPT_RESOLVE. */
static enum err pin(
    struct reach *out, const struct config_notify_to *to, const struct addrinfo *first)
{
	struct buf line = BUF_INIT(4096);
	size_t count = 0;

	out->near = true;
	buf_printf(&line, "%s:%u:", to->host, (unsigned)to->port);
	for (const struct addrinfo *at = first; at != NULL && count < ADDRESSES_MAX;
	     at = at->ai_next) {
		char text[NI_MAXHOST];
		struct addr addr;
		if (getnameinfo(at->ai_addr, at->ai_addrlen, text, sizeof text, NULL, 0,
		        NI_NUMERICHOST) != 0 ||
		    addr_from_text(&addr, slice_of(text), NULL) != OK)
			continue;
		buf_printf(&line, "%s%s", count > 0 ? "," : "", text);
		out->near = out->near && is_near(&addr);
		count++;
	}
	if (count > 0 && buf_status(&line) == OK)
		out->resolved = curl_slist_append(NULL, buf_cstr(&line));
	buf_deinit(&line);
	if (count == 0)
		return ERR_NOT_FOUND;
	return out->resolved != NULL ? OK : ERR_MEMORY;
}

enum err reach_find(struct reach *out, const struct config_notify_to *to, struct diag *why)
{
	const struct addrinfo hints = {
	    .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG};
	struct addrinfo *found = NULL;
	struct addr addr;

	*out = REACH_NONE;
	if (addr_from_text(&addr, slice_of(to->host), NULL) == OK) {
		out->near = is_near(&addr);
		return OK;
	}
	int rc = getaddrinfo(to->host, NULL, &hints, &found);
	if (rc != 0) {
		diag_set(why, "%s", gai_strerror(rc));
		return ERR_NOT_FOUND;
	}
	enum err kept = pin(out, to, found);
	freeaddrinfo(found);
	if (kept == ERR_NOT_FOUND)
		diag_set(why, "it has no address");
	return kept;
}

void reach_deinit(struct reach *r)
{
	curl_slist_free_all(r->resolved);
	*r = REACH_NONE;
}
