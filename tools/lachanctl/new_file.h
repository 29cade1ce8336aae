/* new_file -- files that are made and never replaced: keys, and what is carried to computers. */
#ifndef LACHANCTL_NEW_FILE_H
#define LACHANCTL_NEW_FILE_H

#include <sys/types.h>

#include "lachanctl/ctl.h"

/* The folder of the configuration's file, absolute or as -c had it; false without one. */
bool new_file_config_folder(const struct ctl *c, char out[FILE_PATH_BYTES]);

/* Who may have it besides root; NULL: whoever we are. */
struct new_file_owner {
	uid_t uid;
	gid_t gid;
};

/* A new file at `path`; ERR_EXISTS when there is one already, ERR_IO with errno. */
MUST_CHECK enum err new_file_write(const char *path, struct slice content, mode_t mode,
    const struct new_file_owner *owner);

#endif
