#include "supervisor/watch.h"

#include <signal.h>

#include "kit/log.h"
#include "kit/process.h"

static void end(const struct child *child, const char *how)
{
	log_error("watchdog", "%s has said nothing for %u s (%s): killing it",
	    child->program, child->silent_s, how);
	(void)kill(child->pid, SIGKILL);
}

static const char *describe(enum process_state state)
{
	switch (state) {
	case PROCESS_BUSY:
		return "busy";
	case PROCESS_STOPPED:
		return "stopped";
	case PROCESS_WAITING:
		return "stuck";
	case PROCESS_TRACED:
	case PROCESS_UNKNOWN:
		break;
	}
	return "unknown";
}

void watch_child(struct child *child)
{
	if (child->pid == 0 || child->ending)
		return;
	child->silent_s++;
	/* Nothing is read from /proc while all is well. */
	if (child->silent_s <= WATCH_SILENT_S - WATCH_IDLE_LOOKS)
		return;
	enum process_state state = process_state(child->pid);
	if (state == PROCESS_TRACED) {
		child->silent_s = 0;
		return;
	}
	child->idle_looks = state == PROCESS_BUSY ? 0 : child->idle_looks + 1;
	bool starting = child->state == CHILD_STARTING;
	if (starting ? child->silent_s >= WATCH_STARTING_S
	             : child->silent_s >= WATCH_BUSY_S ||
	            (child->silent_s >= WATCH_SILENT_S &&
	                child->idle_looks >= WATCH_IDLE_LOOKS))
		end(child, describe(state));
}
