/* quick -- the quick report of an incident (báo cáo nhanh): what a teacher tells the
 * department, without anybody's identity.
 *
 *	forms.sock  quick {"token","client","kind","tier","date","measures","referred_to",
 *	                   "decided_by"} -> {"id"}
 *	desk.sock   quick-list {} -> {"files":[{"id","name","date","bytes","state"}]}
 *	            quick-show {"id"} -> {"document"}: the exact bytes
 *
 * Each is one document in state_dir/outbox (docs/protocol.md), whose name the summaries' code
 * passes over. It waits there until lachan-share has sent it. */
#ifndef DESK_QUICK_H
#define DESK_QUICK_H

#include "desk/part.h"

enum {
	QUICK_WAITING_MAX = 200
};

extern const struct part quick_part;

#endif
