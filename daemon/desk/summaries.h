/* summaries -- what waits to leave the school, and an approver's word on it.
 *
 *	desk.sock  summary-files {"all"?}   -> {"files":[…],"approve","first","damaged","more"}
 *	           summary-show {"id"}      -> {"name","document"}: the exact bytes, unpacked
 *	           summary-file {"id"}      -> {"name","sha256","content"}: the file, in base64,
 *	                                       of a document that may leave now
 *	           summary-approve {"id": ID | "all","token"} -> {"approved":[ID…],"first"}
 *	           summary-hold {"id","token"}, summary-release {"id","token"} -> {"id"}
 *
 *	           summary-receipts {"receipts":[{"name","receipt"}],"recipient"?}
 *	                                    -> {"taken":[NAME…],"refused":[{"name","error"}]}
 *
 * Documents are those of state_dir/outbox (with "all" of state_dir/sent, too), made by the
 * filter and by quick.h, signed and sent by lachan-share. The record of what was said about
 * them is ours: state_dir/approvals (lib/approvals). Each word of an approver is in the audit
 * trail, and lachand is asked to start lachan-share after a yes. */
#ifndef DESK_SUMMARIES_H
#define DESK_SUMMARIES_H

#include "approvals/approvals.h"
#include "desk/part.h"
#include "sharing/documents.h"

struct call;
struct desk;

enum {
	SUMMARIES_LIST_MAX = 1500 /* that one answer has room for */
};

extern const struct part summaries_part;

struct filter_line;

struct desk_summaries {
	struct filter_line *supervisor; /* asked to start lachan-share */
};

/* ---- between summaries.c and summaries_say.c ---- */

/* "STATE_DIR/NAME". ERR_RANGE. */
MUST_CHECK enum err summaries_path(
    const struct desk *desk, char *out, size_t size, const char *name);
/* The record as it is on disk. ERR_FORMAT: damaged. End it with approvals_deinit(). */
MUST_CHECK enum err summaries_record(
    const struct desk *desk, struct approvals *out, struct diag *why);
/* The waiting document of this report-id. ERR_NOT_FOUND, ERR_IO, ERR_MEMORY. */
MUST_CHECK enum err summaries_find(
    const struct desk *desk, const char *id, struct sharing_document *out);

/* Asks lachand to start lachan-share; nobody waits for that. */
void summaries_share_now(struct desk *desk);

/* A name of what is in the outbox or in sent/, without ".json.gz"; *out its bytes, packed.
 * ERR_NOT_FOUND, ERR_IO, ERR_MEMORY. */
MUST_CHECK enum err summaries_read(
    const struct desk *desk, const char *name, struct buf *out);

void summaries_on_receipts(struct call *c);
void summaries_on_approve(struct call *c);
void summaries_on_hold(struct call *c);
void summaries_on_release(struct call *c);

#endif
