#include "sharing/overview.h"

#include <stdlib.h>

#include "base/file.h"
#include "sharing/documents.h"
#include "sharing/receipts.h"

static void count_one(struct sharing_overview *out, const struct sharing_question *q,
    const struct sharing_document *document)
{
	if (q->skip != NULL && q->skip(q->context, document->report_id))
		return;
	for (size_t i = 0; i < out->count; i++) {
		struct sharing_recipient *r = &out->recipients[i];
		struct sharing_standing found;
		if (sharing_look(&found, q->state_dir, r->name, document->name) == OK &&
		    found.word != SHARING_WAITS)
			continue;
		r->waiting++;
		if (r->oldest_day == 0 || document->end_day < r->oldest_day)
			r->oldest_day = document->end_day;
	}
}

enum err sharing_overview(
    struct sharing_overview *out, const struct sharing_question *question)
{
	struct sharing_document *all = NULL;
	char folder[FILE_PATH_BYTES];
	size_t count = 0;

	*out = (struct sharing_overview){.count = 0};
	enum err rc = path_join(folder, sizeof folder, question->state_dir, "outbox");
	if (rc == OK)
		rc = sharing_documents(folder, &all, &count);
	if (rc != OK)
		return rc;
	out->waiting = count;
	for (; out->count < question->count && out->count < SHARING_RECIPIENTS_MAX;
	     out->count++) {
		struct sharing_recipient *r = &out->recipients[out->count];
		r->name = question->names[out->count];
		r->state = SHARING_STATE_NONE;
		r->tried =
		    sharing_look_recipient(&r->state, question->state_dir, r->name) == OK;
	}
	for (size_t i = 0; i < count; i++)
		count_one(out, question, &all[i]);
	free(all);
	return OK;
}
