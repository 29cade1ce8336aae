/* notify -- tells the service manager (systemd, or none) how we are: one datagram to
 * $NOTIFY_SOCKET, nothing when that is not set. Never fails aloud and never waits. */
#ifndef KIT_NOTIFY_H
#define KIT_NOTIFY_H

#include <stdint.h>

#include "base/attr.h"

/* Reads and removes NOTIFY_SOCKET and WATCHDOG_USEC, so that children do not inherit
 * them. Before the first notify_send(). */
void notify_open(void);
/* "READY=1", "STATUS=...", "STOPPING=1", several lines parted by \n. */
void notify_send(const char *format, ...) PRINTF_LIKE(1, 2);
/* "RELOADING=1" with the monotonic time that systemd asks for. */
void notify_reloading(uint64_t mono_us);
/* How often "WATCHDOG=1" is due, half of what systemd waits; 0: never. */
uint64_t notify_watchdog_ms(void);

#endif
