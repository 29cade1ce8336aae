#include "feeds/tell.h"

#include "base/bytes.h"
#include "kit/control_client.h"
#include "kit/log.h"

enum {
	TELL_TIMEOUT_MS = 5000
};

void tell_filter(const char *path)
{
	struct control_client client = {.fd = -1};
	struct diag why = {.text = ""};
	struct slice answer;

	enum err rc = control_client_open(&client, path, TELL_TIMEOUT_MS, &why);
	if (rc == OK) {
		rc = control_client_ask(
		    &client, SLICE_LIT("{\"command\":\"feeds-changed\"}"), &answer, &why);
	}
	if (rc != OK)
		log_debug("feeds", "the filter was not told: %s", why.text);
	control_client_close(&client);
}
