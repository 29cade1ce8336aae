/* syscalls -- the list of system calls a program may make from here on.
 *
 *	startup, sockets, files, rights ...   anything
 *	syscalls_limit()                      every thread, for good
 *	the work on what strangers send       what syscall_lists.c names
 *
 * To let a program make one more call, put its name into the group of syscall_lists.c that
 * says what such calls are for, or give the program a group more. The end-to-end tests run
 * in strict mode: a call that no list names ends the program and stands in its log. */
#ifndef KIT_SYSCALLS_H
#define KIT_SYSCALLS_H

#include "base/diag.h"
#include "base/err.h"

enum syscalls_program {
	SYSCALLS_FILTER,
	SYSCALLS_PAGE,
	SYSCALLS_FEEDS,
	SYSCALLS_SUPERVISOR,
	SYSCALLS_DESK,
	SYSCALLS_NOTIFY,
	SYSCALLS_SHARE,
	SYSCALLS_DISTRICT
};

/* With any value but "" in the environment: a call outside the list ends the program with
 * status 159 (SIGSYS) and the call's name on stderr, instead of failing. For tests. */
#define SYSCALLS_STRICT_VARIABLE "LACHAN_SANDBOX_STRICT"

/* Limits this process and what it will ever start; no_new_privs must be set. It cannot be
 * undone. What a list does not name fails with ENOSYS, as on a kernel that is too old for
 * it, since libraries know a way around that; the well-known ways out fail with EPERM.
 * ERR_UNSUPPORTED: built without libseccomp, or this kernel has no such filters; nothing
 * has changed. ERR_DENIED, ERR_MEMORY with *why: the process should not go on. */
MUST_CHECK enum err syscalls_limit(enum syscalls_program program, struct diag *why);

/* The same, in words for a program's start: ERR_UNSUPPORTED is logged once and is OK. */
MUST_CHECK enum err syscalls_limit_or_warn(enum syscalls_program program, struct diag *why);

#endif
