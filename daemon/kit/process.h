/* process -- what the kernel tells about one process. Linux: /proc. */
#ifndef KIT_PROCESS_H
#define KIT_PROCESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum process_state {
	PROCESS_UNKNOWN, /* gone, or unreadable */
	PROCESS_WAITING, /* for anything that can be interrupted; or it is a zombie */
	PROCESS_BUSY,    /* computes, or waits for a disk */
	PROCESS_STOPPED, /* by SIGSTOP */
	PROCESS_TRACED   /* held by a debugger */
};

/* The state of its first thread at this moment. */
enum process_state process_state(pid_t pid);

/* Whether somebody traces its first thread; pid 0: ourselves. */
bool process_is_traced(pid_t pid);

/* The value of a line of /proc/PID/status with a number ("Seccomp", "NoNewPrivs"); -1 when
 * there is none. */
long process_number(pid_t pid, const char *key);

/* Resident memory of ourselves in bytes; 0 when it cannot be read. */
uint64_t process_resident_bytes(void);

#endif
