#include "kit/users_path.h"

#include <stdio.h>

#include "base/file.h"
#include "conf/config.h"

enum err users_path(char *out, size_t size, const struct config *config)
{
	const char *named = config->console.users_file.text;

	if (named[0] == 0)
		return path_join(out, size, config->server.state_dir.text, "users");
	int n = snprintf(out, size, "%s", named);
	return n >= 0 && (size_t)n < size ? OK : ERR_RANGE;
}
