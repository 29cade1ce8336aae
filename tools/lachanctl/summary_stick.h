/* summary_stick -- summaries on a USB stick, for a school without a line to the department.
 *
 *	school                                 department
 *	lachanctl summary export DIR  ──────▶  lachan-district import DIR
 *	lachanctl summary import DIR  ◀──────  NAME.receipt.json beside each document
 *
 * What goes on the stick is what would be sent: approved, not held, signed, the same bytes
 * under the same name. A receipt is handed to the desk, which leaves it for lachan-share.
 * Threads: one. */
#ifndef LACHANCTL_SUMMARY_STICK_H
#define LACHANCTL_SUMMARY_STICK_H

#include "lachanctl/ctl.h"

enum ctl_status summary_export(struct ctl *c);
enum ctl_status summary_import(struct ctl *c);

#endif
