#include "lachanctl/yearly/gather.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "spool/spool.h"

static const char *const folders[] = {"outbox", "sent"};

struct found {
	struct spool_entry entry;
	const char *folder; /* of folders[] */
};

struct search {
	const char *state_dir;
	struct found *items;
	size_t count;
	struct gathered *told;
};

/* Those of one folder whose period begins in the span. */
static enum err list_folder(struct search *s, const char *folder, const uint32_t from_to[2])
{
	char path[FILE_PATH_BYTES];
	struct spool_entry *entries = NULL;
	size_t count = 0;

	enum err rc = path_join(path, sizeof path, s->state_dir, folder);
	if (rc == OK)
		rc = spool_list(path, &entries, &count);
	if (rc != OK || count == 0)
		goto done;
	struct found *more = realloc(s->items, (s->count + count) * sizeof *more);
	if (more == NULL) {
		rc = ERR_MEMORY;
		goto done;
	}
	s->items = more;
	for (size_t i = 0; i < count; i++) {
		if (entries[i].begin_day < from_to[0] || entries[i].begin_day > from_to[1])
			continue;
		s->items[s->count++] = (struct found){entries[i], folder};
	}
done:
	free(entries);
	return rc;
}

static int by_period(const void *a, const void *b)
{
	const struct spool_entry *x = &((const struct found *)a)->entry;
	const struct spool_entry *y = &((const struct found *)b)->entry;

	if (x->begin_day != y->begin_day)
		return x->begin_day < y->begin_day ? -1 : 1;
	if (x->end_day != y->end_day)
		return x->end_day < y->end_day ? -1 : 1;
	return 0;
}

static bool same_period(const struct found *a, const struct found *b)
{
	return by_period(a, b) == 0;
}

/* A file that moved from outbox/ to sent/ between listing and reading is looked for there. */
static enum err read_anywhere(
    const struct search *s, const struct found *found, struct buf *out)
{
	char path[FILE_PATH_BYTES];
	enum err rc = ERR_NOT_FOUND;

	for (size_t i = 0; i < COUNT_OF(folders) && rc == ERR_NOT_FOUND; i++) {
		if (i == 0 && found->folder != folders[0])
			continue;
		buf_reset(out);
		rc = path_join(path, sizeof path, s->state_dir, folders[i]);
		if (rc == OK)
			rc = spool_read(path, found->entry.name, out);
	}
	return rc;
}

static enum err read_document(
    const struct search *s, const struct found *found, struct report_document *out)
{
	struct buf json = BUF_INIT(SPOOL_DOCUMENT_MAX);

	enum err rc = read_anywhere(s, found, &json);
	if (rc == OK)
		rc = report_decode(out, buf_slice(&json), NULL);
	buf_deinit(&json);
	return rc;
}

/* The newest revision of items[first … end). */
static enum err take_newest(
    struct search *s, size_t first, size_t end, gather_document *each, void *context)
{
	struct report_document newest = {.revision = 0};
	bool any = false;

	for (size_t i = first; i < end; i++) {
		struct report_document document = {.revision = 0};
		enum err rc = read_document(s, &s->items[i], &document);
		if (rc == ERR_MEMORY) {
			report_document_deinit(&newest);
			return rc;
		}
		if (rc != OK) {
			s->told->unreadable++;
			continue;
		}
		if (any && document.revision <= newest.revision) {
			report_document_deinit(&document);
			continue;
		}
		report_document_deinit(&newest);
		newest = document;
		any = true;
	}
	if (any) {
		s->told->documents++;
		each(context, &newest);
	}
	report_document_deinit(&newest);
	return OK;
}

enum err gather_documents(const char *state_dir, const uint32_t from_to[2],
    gather_document *each, void *context, struct gathered *out, struct diag *why)
{
	struct search s = {.state_dir = state_dir, .told = out};
	enum err rc = OK;

	*out = (struct gathered){.documents = 0};
	for (size_t i = 0; i < COUNT_OF(folders) && rc == OK; i++) {
		rc = list_folder(&s, folders[i], from_to);
		if (rc != OK)
			diag_set(why, "%s/%s: %s", state_dir, folders[i],
			    rc == ERR_IO ? strerror(errno) : err_text(rc));
	}
	if (rc == OK && s.count > 0)
		qsort(s.items, s.count, sizeof s.items[0], by_period);
	for (size_t first = 0, end; rc == OK && first < s.count; first = end) {
		end = first + 1;
		while (end < s.count && same_period(&s.items[first], &s.items[end]))
			end++;
		rc = take_newest(&s, first, end, each, context);
		if (rc != OK)
			diag_set(why, "%s", err_text(rc));
	}
	free(s.items);
	return rc;
}
