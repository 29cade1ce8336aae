/* Names as in the manual's section 2. Those of other machines stand beside their kin
 * (mmap2, ppoll_time64): where they do not exist they are left out. */
#include "kit/syscall_lists.h"

#include <fcntl.h>
#include <linux/netlink.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include "base/attr.h"
#include "kit/instrumented.h"

/* A sanitizer lives in our process and needs more than we do: its calls are added, so that
 * the lists themselves are proven by every test. */
const bool syscall_lists_exact = INSTRUMENTED == 0;

#define FILTER   (1U << SYSCALLS_FILTER)
#define PAGE     (1U << SYSCALLS_PAGE)
#define FEEDS    (1U << SYSCALLS_FEEDS)
#define DESK     (1U << SYSCALLS_DESK)
#define NOTIFY   (1U << SYSCALLS_NOTIFY)
#define SHARE    (1U << SYSCALLS_SHARE)
#define DISTRICT (1U << SYSCALLS_DISTRICT) /* nobody's child, and as narrow */
#define CHILDREN (FILTER | PAGE | FEEDS | DESK | NOTIFY | SHARE | DISTRICT)

/* ---- what every child does ---- */

static const char *const process[] = {"brk", "exit", "exit_group", "getcpu", "getegid",
    "getegid32", "geteuid", "geteuid32", "getgid", "getgid32", "getpid", "getppid",
    "getrandom", "getrlimit", "getrusage", "gettid", "getuid", "getuid32", "madvise",
    "mremap", "munmap", "prlimit64", "restart_syscall", "rt_sigaction", "rt_sigprocmask",
    "rt_sigreturn", "sched_getaffinity", "sched_yield", "sigaltstack", "sigreturn",
    "sysinfo", "ugetrlimit", "uname", NULL};

/* Locks of libc, libevent and our own; restartable sequences are libc's. */
static const char *const threads[] = {"futex", "futex_time64", "get_robust_list",
    "membarrier", "rseq", "set_robust_list", "set_tid_address", NULL};

static const char *const clocks[] = {"clock_getres", "clock_getres_time64", "clock_gettime",
    "clock_gettime64", "clock_nanosleep", "clock_nanosleep_time64", "gettimeofday",
    "nanosleep", "time", NULL};

/* libevent's loop, and poll() around the log. */
static const char *const loop[] = {"_newselect", "epoll_create", "epoll_create1",
    "epoll_ctl", "epoll_ctl_old", "epoll_pwait", "epoll_wait", "eventfd2", "pipe", "pipe2",
    "poll", "ppoll", "ppoll_time64", "pselect6", "pselect6_time64", "select",
    "timerfd_create", "timerfd_settime", "timerfd_settime64", NULL};

static const char *const descriptors[] = {"_llseek", "close", "dup", "dup2", "dup3",
    "fcntl", "fcntl64", "fstat", "fstat64", "fstatat64", "lseek", "newfstatat", "pread64",
    "preadv", "pwrite64", "pwritev", "read", "readv", "statx", "write", "writev", NULL};

/* Time zones, /proc, pages.yaml, resolv.conf; whose they are is the kernel's business. */
static const char *const reading[] = {"access", "arm_fadvise64_64", "faccessat",
    "faccessat2", "fadvise64", "fadvise64_64", "fstatfs", "fstatfs64", "getcwd", "getdents",
    "getdents64", "lstat", "lstat64", "readlink", "readlinkat", "stat", "stat64", "statfs",
    "statfs64", NULL};

/* For reading and writing; the page's are among the rules. */
static const char *const opening[] = {"open", "openat", NULL};

static const char *const sockets[] = {"accept", "accept4", "bind", "connect", "getpeername",
    "getsockname", "getsockopt", "recv", "recvfrom", "recvmmsg", "recvmmsg_time64",
    "recvmsg", "send", "sendmmsg", "sendmsg", "sendto", "setsockopt", "shutdown", NULL};

/* ---- who writes files ---- */

static const char *const writing[] = {"chmod", "fallocate", "fchmod", "fchmodat",
    "fdatasync", "flock", "fsync", "ftruncate", "ftruncate64", "link", "linkat", "mkdir",
    "mkdirat", "msync", "rename", "renameat", "renameat2", "rmdir", "umask", "unlink",
    "unlinkat", "utimensat", "utimensat_time64", NULL};

/* The sealed copy of the rules that no failing disk reaches. */
static const char *const sealed_copies[] = {"memfd_create", NULL};

/* Sockets in run_dir are made anew at their start. */
static const char *const listening[] = {"listen", NULL};

#if INSTRUMENTED
/* LSan traces its own process at the end; gcov makes folders for what it has counted. */
static const char *const instruments[] = {
    "mkdir", "prctl", "process_vm_readv", "ptrace", "wait4", NULL};
#endif

const struct syscall_group syscall_groups[] = {
    {CHILDREN, process},
    {CHILDREN, threads},
    {CHILDREN, clocks},
    {CHILDREN, loop},
    {CHILDREN, descriptors},
    {CHILDREN, reading},
    {CHILDREN & ~PAGE, opening},
    {CHILDREN, sockets},
    {FILTER | FEEDS | DESK | NOTIFY | SHARE | DISTRICT, writing},
    {FILTER | FEEDS, sealed_copies},
    {FILTER | PAGE | DESK | DISTRICT, listening},
#if INSTRUMENTED
    {CHILDREN, instruments},
#endif
};
const size_t syscall_group_count = COUNT_OF(syscall_groups);

#define INT_BITS UINT32_MAX /* the kernel looks at no more of an int */
/* Of open(): what writes a file or makes one. gcov does so at a program's end. */
#ifdef LACHAN_COVERAGE
#	define WRITES 0U
#else
#	define WRITES ((unsigned)(O_ACCMODE | O_CREAT | O_TRUNC))
#endif
#define SET_VMA 0x53564d41U /* PR_SET_VMA of newer headers */

const struct syscall_rule syscall_rules[] = {
    /* Memory is written or executed, never both in turn (PCRE2 is interpreted). */
    {CHILDREN, "mmap", {{2, PROT_EXEC, 0}}},
    {CHILDREN, "mmap2", {{2, PROT_EXEC, 0}}},
    {CHILDREN, "mprotect", {{2, PROT_EXEC, 0}}},
    /* A thread, never a process. (clone3 hides its flags: syscalls_passed_over.) */
    {FILTER | FEEDS | DISTRICT, "clone", {{0, CLONE_THREAD, CLONE_THREAD}}},
#if INSTRUMENTED
    {CHILDREN, "clone", {{0, CLONE_VM, CLONE_VM}}}, /* who traces for LSan */
#endif
    /* Clients, upstreams, our own sockets, the log; the kernel's tables of addresses. */
    {CHILDREN, "socket", {{0, INT_BITS, AF_INET}}},
    {CHILDREN, "socket", {{0, INT_BITS, AF_INET6}}},
    {CHILDREN, "socket", {{0, INT_BITS, AF_UNIX}}},
    {CHILDREN, "socket", {{0, INT_BITS, AF_NETLINK}, {2, INT_BITS, NETLINK_ROUTE}}},
    {CHILDREN, "socketpair", {{0, INT_BITS, AF_UNIX}}}, /* libevent's signals */
    /* The page writes no file whatever its user may, and keeps its name, by which control
     * sockets know it (control_server.h). */
    {PAGE, "open", {{1, WRITES, O_RDONLY}}},
    {PAGE, "openat", {{2, WRITES, O_RDONLY}}},
    /* Names of threads, and libc's names for memory. */
    {CHILDREN & ~PAGE, "prctl", {{0, INT_BITS, PR_SET_NAME}}},
    {CHILDREN, "prctl", {{0, INT_BITS, PR_GET_NAME}}},
    {CHILDREN, "prctl", {{0, INT_BITS, SET_VMA}}},
    /* What stdio and libevent ask of a descriptor, and names of interfaces. */
    {CHILDREN, "ioctl", {{1, INT_BITS, TCGETS}}},
    {CHILDREN, "ioctl", {{1, INT_BITS, TIOCGWINSZ}}},
    {CHILDREN, "ioctl", {{1, INT_BITS, FIONREAD}}},
    {CHILDREN, "ioctl", {{1, INT_BITS, FIONBIO}}},
    {CHILDREN, "ioctl", {{1, INT_BITS, SIOCGIFINDEX}}},
    {CHILDREN, "ioctl", {{1, INT_BITS, SIOCGIFNAME}}},
};
const size_t syscall_rule_count = COUNT_OF(syscall_rules);

const char *const syscalls_passed_over[] = {"cachestat", "clone3", "close_range",
    "epoll_pwait2", "fchmodat2", "futex_wait", "futex_waitv", "futex_wake",
    "map_shadow_stack", "mseal", "openat2", NULL};

#if INSTRUMENTED
#	define TRACING
#else
#	define TRACING "process_vm_readv", "ptrace",
#endif

const char *const syscalls_refused[] = {TRACING "chown", "chroot", "execve", "execveat",
    "fchown", "fchownat", "fork", "lchown", "mknod", "mknodat", "name_to_handle_at",
    "process_vm_writev", "seccomp", "setgid", "setgroups", "setregid", "setresgid",
    "setresuid", "setreuid", "setuid", "symlink", "symlinkat", "vfork", NULL};

const char *const syscalls_of_nobody[] = {"acct", "add_key", "adjtimex", "afs_syscall",
    "bpf", "clock_adjtime", "clock_adjtime64", "clock_settime", "clock_settime64",
    "create_module", "delete_module", "fanotify_init", "finit_module", "fsconfig",
    "fsmount", "fsopen", "fspick", "get_kernel_syms", "init_module", "io_uring_enter",
    "io_uring_register", "io_uring_setup", "ioperm", "iopl", "kcmp", "kexec_file_load",
    "kexec_load", "keyctl", "lookup_dcookie", "mount", "mount_setattr", "move_mount",
    "move_pages", "nfsservctl", "open_by_handle_at", "open_tree", "perf_event_open",
    "pivot_root", "process_madvise", "quotactl", "quotactl_fd", "reboot", "request_key",
    "setdomainname", "sethostname", "setns", "settimeofday", "stime", "swapoff", "swapon",
    "sysfs", "syslog", "umount", "umount2", "unshare", "uselib", "userfaultfd", "ustat",
    "vhangup", "vm86", "vm86old", NULL};
