#include "kit/feed_meta.h"

#include <stdio.h>

#include "base/file.h"

enum {
	META_MAX_BYTES = 64 * 1024
};

json_t *feed_meta_read(const char *state_dir, const char *name)
{
	char file[128], folder[FILE_PATH_BYTES], path[FILE_PATH_BYTES];
	struct buf text = BUF_INIT(META_MAX_BYTES);
	json_t *meta = NULL;

	int n = snprintf(file, sizeof file, "%s.meta", name);
	if (n > 0 && (size_t)n < sizeof file &&
	    path_join(folder, sizeof folder, state_dir, "feeds") == OK &&
	    path_join(path, sizeof path, folder, file) == OK &&
	    file_read(path, &text) == OK)
		meta = json_loadb((const char *)text.ptr, text.len, 0, NULL);
	buf_deinit(&text);
	return meta;
}
