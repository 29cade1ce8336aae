/* fault -- a preloaded library that makes chosen calls of one program fail (T47, T49).
 *
 * The test maps a page that all processes share and writes into it which call is to fail,
 * of which program, how often and with what; the library counts and fails. Nothing of it is
 * linked into what ships. Fields are octets of the page at fixed places (faulty.py):
 *
 *	  0 disk_seen     16 disk_count   32 memory_at      48 hits    56 error
 *	  8 disk_at       24 memory_seen  40 memory_count   60 shorten
 *	 64 program (NUL-ended)           128 folder (NUL-ended)   384 written
 *
 * Disk calls are those that change something in `folder`; memory calls are malloc and its
 * kin. Call number `at` fails, and the count - 1 after it.
 * Threads: the counters are atomic; the rest is written before the programs start. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

struct fault_page {
	atomic_uint_fast64_t disk_seen;
	atomic_uint_fast64_t disk_at;
	atomic_uint_fast64_t disk_count;
	atomic_uint_fast64_t memory_seen;
	atomic_uint_fast64_t memory_at;
	atomic_uint_fast64_t memory_count;
	atomic_uint_fast64_t hits;
	atomic_uint error;
	atomic_uint shorten; /* write the first half and say so, instead of failing */
	char program[64];
	char folder[256];
	atomic_uint_fast64_t written; /* octets written into files of the folder */
};

static struct fault_page *page;

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *old, size_t size);
void *__libc_memalign(size_t alignment, size_t size);

__attribute__((constructor)) static void map_page(void)
{
	const char *path = getenv("LACHAN_FAULT_PAGE");
	int fd = path == NULL ? -1 : (int)syscall(SYS_openat, AT_FDCWD, path, O_RDWR);

	if (fd < 0)
		return;
	struct fault_page *mapped =
	    mmap(NULL, sizeof *mapped, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	(void)syscall(SYS_close, fd);
	if (mapped != MAP_FAILED &&
	    (mapped->program[0] == 0 ||
	        strcmp(mapped->program, program_invocation_short_name) == 0))
		page = mapped;
}

static bool is_due(atomic_uint_fast64_t *seen, const atomic_uint_fast64_t *first,
    const atomic_uint_fast64_t *count)
{
	uint64_t number = atomic_fetch_add(seen, 1) + 1;
	uint64_t at = atomic_load(first);

	if (at == 0 || number < at || number - at >= atomic_load(count))
		return false;
	atomic_fetch_add(&page->hits, 1);
	return true;
}

/* ---- memory ---- */

static bool no_memory(void)
{
	if (page == NULL ||
	    !is_due(&page->memory_seen, &page->memory_at, &page->memory_count))
		return false;
	errno = ENOMEM;
	return true;
}

void *malloc(size_t size)
{
	return no_memory() ? NULL : __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
	return no_memory() ? NULL : __libc_calloc(count, size);
}

void *realloc(void *old, size_t size)
{
	return no_memory() ? NULL : __libc_realloc(old, size);
}

void *aligned_alloc(size_t alignment, size_t size)
{
	return no_memory() ? NULL : __libc_memalign(alignment, size);
}

int posix_memalign(void **out, size_t alignment, size_t size)
{
	if (no_memory())
		return ENOMEM;
	void *made = __libc_memalign(alignment, size);
	if (made == NULL)
		return ENOMEM;
	*out = made;
	return 0;
}

/* ---- disk ---- */

static bool is_in_folder(const char *path)
{
	size_t len = strlen(page->folder);
	return strncmp(path, page->folder, len) == 0;
}

static bool fd_is_in_folder(int fd)
{
	char link[64];
	char path[1024];

	(void)snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
	ssize_t n = readlink(link, path, sizeof path - 1);
	if (n <= 0)
		return false;
	path[n] = 0;
	return is_in_folder(path);
}

static bool disk_fails(void)
{
	if (!is_due(&page->disk_seen, &page->disk_at, &page->disk_count))
		return false;
	errno = (int)atomic_load(&page->error);
	return true;
}

static bool path_fails(const char *path)
{
	return page != NULL && is_in_folder(path) && disk_fails() &&
	    atomic_load(&page->shorten) == 0;
}

static bool fd_fails(int fd)
{
	return page != NULL && fd_is_in_folder(fd) && disk_fails() &&
	    atomic_load(&page->shorten) == 0;
}

/* How much of `len` octets is to be written; SIZE_MAX: none, errno says why. */
static size_t writable(int fd, size_t len)
{
	if (page == NULL || !fd_is_in_folder(fd))
		return len;
	if (!disk_fails()) {
		atomic_fetch_add(&page->written, len);
		return len;
	}
	return atomic_load(&page->shorten) != 0 ? (len + 1) / 2 : SIZE_MAX;
}

ssize_t write(int fd, const void *data, size_t len)
{
	size_t n = writable(fd, len);
	return n == SIZE_MAX ? -1 : (ssize_t)syscall(SYS_write, fd, data, n);
}

static ssize_t put_at(int fd, const void *data, size_t len, off_t at)
{
	size_t n = writable(fd, len);
	return n == SIZE_MAX ? -1 : (ssize_t)syscall(SYS_pwrite64, fd, data, n, at);
}

ssize_t pwrite(int fd, const void *data, size_t len, off_t at)
{
	return put_at(fd, data, len, at);
}

ssize_t pwrite64(int fd, const void *data, size_t len, off_t at)
{
	return put_at(fd, data, len, at);
}

ssize_t writev(int fd, const struct iovec *parts, int count)
{
	return fd_fails(fd) ? -1 : (ssize_t)syscall(SYS_writev, fd, parts, count);
}

int fsync(int fd)
{
	return fd_fails(fd) ? -1 : (int)syscall(SYS_fsync, fd);
}

int fdatasync(int fd)
{
	return fd_fails(fd) ? -1 : (int)syscall(SYS_fdatasync, fd);
}

int msync(void *start, size_t len, int flags)
{
	return (int)syscall(SYS_msync, start, len, flags);
}

int ftruncate(int fd, off_t size)
{
	return fd_fails(fd) ? -1 : (int)syscall(SYS_ftruncate, fd, size);
}

int ftruncate64(int fd, off_t size)
{
	return fd_fails(fd) ? -1 : (int)syscall(SYS_ftruncate, fd, size);
}

int posix_fallocate(int fd, off_t from, off_t len)
{
	if (fd_fails(fd))
		return errno;
	return syscall(SYS_fallocate, fd, 0, from, len) == 0 ? 0 : errno;
}

int posix_fallocate64(int fd, off_t from, off_t len)
{
	return posix_fallocate(fd, from, len);
}

int rename(const char *from, const char *to)
{
	return path_fails(to) ? -1
	                      : (int)syscall(SYS_renameat, AT_FDCWD, from, AT_FDCWD, to);
}

int link(const char *from, const char *to)
{
	return path_fails(to) ? -1
	                      : (int)syscall(SYS_linkat, AT_FDCWD, from, AT_FDCWD, to, 0);
}

int unlink(const char *path)
{
	return path_fails(path) ? -1 : (int)syscall(SYS_unlinkat, AT_FDCWD, path, 0);
}

int mkdir(const char *path, mode_t mode)
{
	return path_fails(path) ? -1 : (int)syscall(SYS_mkdirat, AT_FDCWD, path, mode);
}

static bool opening_fails(const char *path, int flags)
{
	return (flags & (O_CREAT | O_WRONLY | O_RDWR)) != 0 && path_fails(path);
}

#define OPEN(name)                                                               \
	int name(const char *path, int flags, ...)                               \
	{                                                                        \
		va_list rest;                                                    \
		va_start(rest, flags);                                           \
		mode_t mode = (flags & O_CREAT) != 0 ? va_arg(rest, mode_t) : 0; \
		va_end(rest);                                                    \
		return opening_fails(path, flags)                                \
		    ? -1                                                         \
		    : (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);     \
	}
OPEN(open)
OPEN(open64)

#define OPENAT(name)                                                             \
	int name(int folder, const char *path, int flags, ...)                   \
	{                                                                        \
		va_list rest;                                                    \
		va_start(rest, flags);                                           \
		mode_t mode = (flags & O_CREAT) != 0 ? va_arg(rest, mode_t) : 0; \
		va_end(rest);                                                    \
		return opening_fails(path, flags)                                \
		    ? -1                                                         \
		    : (int)syscall(SYS_openat, folder, path, flags, mode);       \
	}
OPENAT(openat)
OPENAT(openat64)
