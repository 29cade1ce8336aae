#include "kit/notices_file.h"

#include <errno.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "conf/config.h"

enum {
	MODE = 0600,
	DAY_S = 24 * 60 * 60
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

	int64_t now_s = (int64_t)time(NULL);
	int64_t day_s = now_s - now_s % DAY_S; /* it changes when a pupil writes */

	*refused = false;
	enum err rc = find(&places, config, name);
	if (rc != OK)
		return rc;
	rc = file_write_dated(places.kept, text, MODE, day_s);
	if (rc == OK) {
		/* Killed between the two, we go on from the older one: told twice, not never. */
		(void)unlink(places.spare);
		return OK;
	}
	*refused = rc == ERR_IO;
	return file_write_dated(places.spare, text, MODE, day_s);
}
