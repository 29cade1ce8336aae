#include "sharing/documents.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define SUFFIX    ".json.gz"
#define MARK      "!quick!"
#define ANY_DAY   "19700101"
#define DAY_CHARS 8

static bool take(struct sharing_document *out, const struct spool_entry *entry)
{
	*out = (struct sharing_document){.begin_day = entry->begin_day,
	    .end_day = entry->end_day,
	    .file_bytes = entry->file_bytes};
	memcpy(out->unit, entry->unit, sizeof out->unit);
	memcpy(out->report_id, entry->report_id, sizeof out->report_id);
	return true;
}

/* A quick report's name is a summary's whose first day is the word "quick": so one parser judges
 * both. */
static bool parse_quick(struct sharing_document *out, const char *name)
{
	char like[SPOOL_NAME_BYTES];
	struct spool_entry entry;
	const char *mark = strstr(name, MARK);

	if (mark == NULL)
		return false;
	int n = snprintf(like, sizeof like, "%.*s!" ANY_DAY "!%s", (int)(mark - name), name,
	    mark + sizeof MARK - 1);
	if (n < 0 || (size_t)n >= sizeof like || !spool_name_parse(&entry, like))
		return false;
	(void)take(out, &entry);
	out->begin_day = out->end_day;
	out->quick = true;
	return true;
}

bool sharing_document_parse(struct sharing_document *out, const char *name)
{
	struct spool_entry entry;

	if (strlen(name) >= SPOOL_NAME_BYTES)
		return false;
	if (!(spool_name_parse(&entry, name) && take(out, &entry)) &&
	    !parse_quick(out, name))
		return false;
	(void)snprintf(out->name, sizeof out->name, "%s", name);
	return true;
}

enum err sharing_document_name(char out[SPOOL_NAME_BYTES],
    const struct sharing_document *document, const char *unit, const char *report_id)
{
	char name[SPOOL_NAME_BYTES];

	enum err rc =
	    spool_name(name, unit, document->begin_day, document->end_day, report_id);
	if (rc != OK)
		return rc;
	if (!document->quick) {
		memcpy(out, name, sizeof name);
		return OK;
	}
	const char *bang = strchr(name, '!');
	int n = snprintf(out, SPOOL_NAME_BYTES, "%.*s" MARK "%s", (int)(bang - name), name,
	    bang + 1 + DAY_CHARS + 1);
	return n > 0 && n < SPOOL_NAME_BYTES ? OK : ERR_RANGE;
}

static int compare(const void *a, const void *b)
{
	const struct sharing_document *x = a;
	const struct sharing_document *y = b;

	if (x->quick != y->quick)
		return x->quick ? -1 : 1;
	if (x->begin_day != y->begin_day)
		return x->begin_day < y->begin_day ? -1 : 1;
	return strcmp(x->name, y->name);
}

static enum err collect(DIR *dir, struct sharing_document **out, size_t *count)
{
	size_t capacity = 0;

	for (struct dirent *e = readdir(dir); e != NULL && *count < SPOOL_ENTRIES_MAX;
	     e = readdir(dir)) {
		struct sharing_document one;
		struct stat st;
		if (!sharing_document_parse(&one, e->d_name) ||
		    fstatat(dirfd(dir), e->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0 ||
		    !S_ISREG(st.st_mode))
			continue;
		one.file_bytes = (uint64_t)st.st_size;
		if (*count == capacity) {
			capacity = capacity == 0 ? 16 : capacity * 2;
			struct sharing_document *more =
			    realloc(*out, capacity * sizeof *more);
			if (more == NULL)
				return ERR_MEMORY;
			*out = more;
		}
		(*out)[(*count)++] = one;
	}
	return OK;
}

enum err sharing_documents(const char *folder, struct sharing_document **out, size_t *count)
{
	struct sharing_document *all = NULL;
	size_t n = 0;

	DIR *dir = opendir(folder);
	if (dir == NULL && errno != ENOENT)
		return ERR_IO;
	enum err rc = dir == NULL ? OK : collect(dir, &all, &n);
	if (dir != NULL)
		(void)closedir(dir);
	if (rc != OK) {
		free(all);
		return rc;
	}
	if (n > 1)
		qsort(all, n, sizeof *all, compare);
	*out = all;
	*count = n;
	return OK;
}
