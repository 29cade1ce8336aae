/* wall -- whether the clock on the wall can be believed.
 * Threads: no shared state. */
#ifndef KIT_WALL_H
#define KIT_WALL_H

#include <stdbool.h>

struct config;

/* A clock older than this program, or than the newest file the gateway has written, has lost
 * its battery, or was put back: it decides nothing about the calendar, judges no certificate
 * and dates nothing that leaves. */
bool wall_is_trusted(const struct config *config);

#endif
