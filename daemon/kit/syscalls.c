#include "kit/syscalls.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/words.h"
#include "kit/log.h"
#include "kit/syscall_lists.h"

#if LACHAN_SECCOMP

#	include <seccomp.h>

/* ---- strict mode ---- */

static void put(const char *text)
{
	ssize_t n = write(STDERR_FILENO, text, strlen(text));
	(void)n;
}

/* The thread is where it made the call; nothing is known to be whole but that. */
static void on_forbidden(int number, siginfo_t *info, void *context UNUSED)
{
	char *name = seccomp_syscall_resolve_num_arch(info->si_arch, info->si_syscall);

	put("forbidden system call: ");
	put(name != NULL ? name : "of a number that libseccomp does not know");
	put("\n");
	_exit(128 + number);
}

static bool trap(struct diag *why)
{
	struct sigaction action = {.sa_sigaction = on_forbidden, .sa_flags = SA_SIGINFO};

	if (sigaction(SIGSYS, &action, NULL) == 0)
		return true;
	diag_set(why, "SIGSYS: %s", strerror(errno));
	return false;
}

/* ---- building ---- */

struct building {
	scmp_filter_ctx ctx;
	unsigned program;
	int failed; /* the first error of libseccomp, negative; 0: none */
};

static void add(struct building *b, uint32_t action, const char *name,
    const struct scmp_arg_cmp *when, unsigned count)
{
	int number = seccomp_syscall_resolve_name(name);

	if (number == __NR_SCMP_ERROR || b->failed != 0)
		return;
	int rc = seccomp_rule_add_array(b->ctx, action, number, count, when);
	/* -EACCES: it does what the whole filter does anyway. */
	if (rc != 0 && rc != -EACCES)
		b->failed = rc;
}

static void add_all(struct building *b, uint32_t action, const char *const *names)
{
	for (; *names != NULL; names++)
		add(b, action, *names, NULL, 0);
}

static void add_rule(struct building *b, const struct syscall_rule *rule)
{
	struct scmp_arg_cmp when[SYSCALL_CONDITIONS_MAX];
	unsigned count = 0;

	for (size_t i = 0; i < SYSCALL_CONDITIONS_MAX && rule->when[i].mask != 0; i++)
		when[count++] = SCMP_CMP(rule->when[i].argument, SCMP_CMP_MASKED_EQ,
		    rule->when[i].mask, rule->when[i].value);
	add(b, SCMP_ACT_ALLOW, rule->name, when, count);
}

/* abort() and raise(): a signal to ourselves, to nobody else. */
static void add_own_signals(struct building *b)
{
	const struct scmp_arg_cmp self =
	    SCMP_CMP(0, SCMP_CMP_MASKED_EQ, UINT32_MAX, (scmp_datum_t)getpid());

	add(b, SCMP_ACT_ALLOW, "tgkill", &self, 1);
}

static void add_child(struct building *b, bool strict)
{
	uint32_t refuse = strict ? SCMP_ACT_TRAP : SCMP_ACT_ERRNO(EPERM);
	unsigned bit = 1U << b->program;

	for (size_t i = 0; i < syscall_group_count; i++)
		if ((syscall_groups[i].programs & bit) != 0)
			add_all(b, SCMP_ACT_ALLOW, syscall_groups[i].names);
	for (size_t i = 0; i < syscall_rule_count; i++)
		if ((syscall_rules[i].programs & bit) != 0)
			add_rule(b, &syscall_rules[i]);
	add_own_signals(b);
	add_all(b, SCMP_ACT_ERRNO(ENOSYS), syscalls_passed_over);
	add_all(b, refuse, syscalls_refused);
	add_all(b, refuse, syscalls_of_nobody);
}

/* All threads at once; without the brake on speculation that older kernels couple to such
 * filters, since no foreign code runs in here that could measure anything. */
static enum err load(struct building *b, struct diag *why)
{
	int rc = b->failed;

	if (rc == 0)
		rc = seccomp_attr_set(b->ctx, SCMP_FLTATR_CTL_TSYNC, 1);
	if (rc == 0) {
		(void)seccomp_attr_set(b->ctx, SCMP_FLTATR_CTL_SSB, 1);
		(void)seccomp_attr_set(b->ctx, SCMP_FLTATR_CTL_OPTIMIZE, 2);
		rc = seccomp_load(b->ctx);
	}
	if (rc == 0)
		return OK;
	diag_set(why, "the list of system calls: %s", strerror(-rc));
	return rc == -ENOMEM ? ERR_MEMORY : ERR_DENIED;
}

static bool kernel_can_filter(void)
{
	return seccomp_api_get() >= 2; /* filters, and one for all threads */
}

enum err syscalls_limit(enum syscalls_program program, struct diag *why)
{
	const char *wish = getenv(SYSCALLS_STRICT_VARIABLE);
	bool strict = wish != NULL && wish[0] != 0;
	bool child = program != SYSCALLS_SUPERVISOR;
	struct building b = {.program = program};

	if (!kernel_can_filter()) {
		diag_set(why, "this kernel knows no filter of system calls");
		return ERR_UNSUPPORTED;
	}
	if (strict && !trap(why))
		return ERR_DENIED;
	b.ctx = seccomp_init(!child ? SCMP_ACT_ALLOW
	        : strict            ? SCMP_ACT_TRAP
	                            : SCMP_ACT_ERRNO(ENOSYS));
	if (b.ctx == NULL)
		return ERR_MEMORY;
	if (child)
		add_child(&b, strict);
	else
		add_all(&b, SCMP_ACT_ERRNO(EPERM), syscalls_of_nobody);
	enum err rc = load(&b, why);
	seccomp_release(b.ctx);
	return rc;
}

#else

enum err syscalls_limit(enum syscalls_program program UNUSED, struct diag *why)
{
	diag_set(why, "built without libseccomp");
	return ERR_UNSUPPORTED;
}

#endif

enum err syscalls_limit_or_warn(enum syscalls_program program, struct diag *why)
{
	enum err rc = syscalls_limit(program, why);

	if (rc != ERR_UNSUPPORTED)
		return rc;
	log_warn("sandbox", "system calls are not limited: %s", why->text);
	*why = (struct diag){.text = ""};
	return OK;
}
