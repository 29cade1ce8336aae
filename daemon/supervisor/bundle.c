#include "supervisor/bundle.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum err bundle_load(struct bundle *out, const char *path, struct diags *all)
{
	struct config_bundle texts = {0};
	struct bundle made = BUNDLE_NONE;

	enum err rc = config_bundle_read(&texts, path, all);
	if (rc != OK)
		goto done;
	rc = config_load_bundle(&made.config, &texts, all);
	if (rc != OK)
		goto done;
	made.fd = config_bundle_seal(&texts);
	if (made.fd < 0) {
		diags_error(all, "", 0, 0, "memfd: %s", strerror(errno));
		rc = ERR_IO;
		goto done;
	}
	*out = made;
	made = BUNDLE_NONE;
done:
	bundle_free(&made);
	config_bundle_deinit(&texts);
	return rc;
}

void bundle_free(struct bundle *bundle)
{
	if (bundle->config != NULL)
		config_free(bundle->config);
	if (bundle->fd >= 0)
		(void)close(bundle->fd);
	*bundle = BUNDLE_NONE;
}

int bundle_reopen(const struct bundle *bundle)
{
	char path[64];

	(void)snprintf(path, sizeof path, "/proc/self/fd/%d", bundle->fd);
	return open(path, O_RDONLY | O_CLOEXEC);
}
