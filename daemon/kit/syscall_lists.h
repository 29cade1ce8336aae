/* syscall_lists -- which system calls each program needs, as data (private to kit).
 *
 * A call is named as in section 2 of the manual; one that this machine or libseccomp does
 * not know is left out. */
#ifndef KIT_SYSCALL_LISTS_H
#define KIT_SYSCALL_LISTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kit/syscalls.h"

enum {
	SYSCALL_CONDITIONS_MAX = 2
};

/* Calls that are allowed whatever their arguments. */
struct syscall_group {
	unsigned programs;        /* bits 1 << enum syscalls_program */
	const char *const *names; /* ends with NULL */
};

/* A call that is allowed when (argument & mask) == value for all conditions; one with
 * several rules when any of them holds. A mask of 0 is no condition. */
struct syscall_rule {
	unsigned programs;
	const char *name;
	struct {
		unsigned argument; /* 0 to 5 */
		uint64_t mask;
		uint64_t value;
	} when[SYSCALL_CONDITIONS_MAX];
};

/* False in builds with sanitizers or gcov, whose own calls are added. */
extern const bool syscall_lists_exact;

extern const struct syscall_group syscall_groups[];
extern const size_t syscall_group_count;
extern const struct syscall_rule syscall_rules[];
extern const size_t syscall_rule_count;

/* Newer calls that libc tries first, and does without when they say ENOSYS: not even strict
 * mode minds. */
extern const char *const syscalls_passed_over[];
/* The well-known ways out of a process that was taken over: EPERM for the children. */
extern const char *const syscalls_refused[];
/* For administrators' programs, none of which the supervisor starts: EPERM for all. */
extern const char *const syscalls_of_nobody[];

#endif
