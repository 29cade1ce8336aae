#include "kit/notices_file.h"

#include <errno.h>
#include <unistd.h>

#include "base/file.h"
#include "conf/config.h"

enum {
	MODE = 0600
};

struct places {
	char kept[FILE_PATH_BYTES]; /* over a restart of the machine */
	char spare[FILE_PATH_BYTES];
};

static enum err find(struct places *out, const struct config *config, const char *name)
{
	enum err rc =
	    path_join(out->kept, sizeof out->kept, config->server.state_dir.text, name);

	return rc == OK
	    ? path_join(out->spare, sizeof out->spare, config->server.run_dir.text, name)
	    : rc;
}

enum err notices_file_read(struct buf *out, const struct config *config, const char *name)
{
	struct places places;

	enum err rc = find(&places, config, name);
	if (rc != OK)
		return rc;
	rc = file_read(places.spare, out);
	return rc == ERR_NOT_FOUND ? file_read(places.kept, out) : rc;
}

enum err notices_file_write(
    const struct config *config, const char *name, struct slice text, bool *refused)
{
	struct places places;

	*refused = false;
	enum err rc = find(&places, config, name);
	if (rc != OK)
		return rc;
	rc = file_write_atomic(places.kept, text, MODE);
	if (rc == OK) {
		/* Killed between the two, we go on from the older one: told twice, not never. */
		(void)unlink(places.spare);
		return OK;
	}
	*refused = rc == ERR_IO;
	return file_write_atomic(places.spare, text, MODE);
}
