#include "feeds/tell.h"

#include <stdio.h>

#include "base/bytes.h"
#include "kit/control_client.h"
#include "kit/log.h"

enum {
	TELL_TIMEOUT_MS = 5000
};

void tell_filter(const char *path, size_t refused, size_t held)
{
	char request[128];
	struct control_client client = {.fd = -1};
	struct diag why = {.text = ""};
	struct slice answer;

	(void)snprintf(request, sizeof request,
	    "{\"command\":\"feeds-changed\",\"refused\":%zu,\"held\":%zu}", refused, held);
	enum err rc = control_client_open(&client, path, TELL_TIMEOUT_MS, &why);
	if (rc == OK)
		rc = control_client_ask(&client, slice_of(request), &answer, &why);
	if (rc != OK)
		log_debug("feeds", "the filter was not told: %s", why.text);
	control_client_close(&client);
}
