#include "district/static.h"

#include <string.h>

#include "district/static_data.h"

static const struct static_file files[] = {STATIC_FILES};

const struct static_file *static_all(size_t *count)
{
	*count = sizeof files / sizeof files[0];
	return files;
}

const struct static_file *static_find(const char *name)
{
	for (size_t i = 0; i < sizeof files / sizeof files[0]; i++)
		if (strcmp(files[i].name, name) == 0)
			return &files[i];
	return NULL;
}
