/* arrived -- receipts that came back on a USB stick, as the desk lays them down.
 *
 *	state_dir/sharing/arrived/REPORT-ID!RECIPIENT.json ──▶ sent/RECIPIENT/NAME.json
 *	                                                       (or NAME.refused.json)
 *
 * The desk has compared each with its document (daemon/desk/summaries_receipts.c); here it
 * becomes what an answer by the network would have become, and is removed.
 * Threads: one, of the program that holds the lock. */
#ifndef SHARE_ARRIVED_H
#define SHARE_ARRIVED_H

#include <stdbool.h>
#include <stdint.h>

struct config;

/* Takes up all that lie there; true when there were any. What is wrong with one is logged and
 * costs that one. A receipt that stands already stays as it is. */
bool arrived_take(const struct config *config, int64_t now_s);

#endif
