#include "kit/log.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/text.h"

enum {
	KINDS = 64 /* of lines that are watched for repeats; a collision forgets one */
};

/* How a line reaches the reader without ever waiting for it. */
enum way {
	WAY_FILE,  /* a descriptor of our own that does not block, or a plain file */
	WAY_SOCKET /* the journal's stream: MSG_DONTWAIT */
};

/* Lines of one kind in the window that runs. All members are atomic and may lose a race:
 * then a line more or less is printed, which is all they decide. */
struct kind {
	_Atomic uint64_t key;
	_Atomic uint64_t since_ms;
	_Atomic uint32_t lines;
	_Atomic uint32_t left_out;
	_Atomic int level;
	const char *_Atomic tag;
};

/* Set by log_open() before threads; constant afterwards but for the atomics. */
static struct {
	const char *program;
	_Atomic int level;
	bool journal;
	enum way way;
	int fd;
	_Atomic uint32_t lost;
	struct kind kinds[KINDS];
} state = {.program = "lachan", .level = LOG_LEVEL_INFO, .fd = STDERR_FILENO};

static const char *const level_words[] = {"error", "warn", "info", "debug"};

/* An open description of our own, so that O_NONBLOCK does not reach the shell or the
 * siblings that share ours. Sockets cannot be reopened and need not be. */
static void choose_way(void)
{
	struct stat st;

	if (state.fd != STDERR_FILENO)
		(void)close(state.fd);
	state.fd = STDERR_FILENO;
	state.way = WAY_FILE;
	if (fstat(STDERR_FILENO, &st) != 0)
		return;
	if (S_ISSOCK(st.st_mode))
		state.way = WAY_SOCKET;
	else if (S_ISFIFO(st.st_mode) || S_ISCHR(st.st_mode)) {
		int own =
		    open("/proc/self/fd/2", O_WRONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
		if (own >= 0)
			state.fd = own;
	}
}

/* JOURNAL_STREAM is DEVICE:INODE of the stream; a redirected stderr is not the journal. */
static bool journal_reads_stderr(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	struct stat st;
	char here[64];

	if (stream == NULL || fstat(STDERR_FILENO, &st) != 0)
		return false;
	(void)snprintf(
	    here, sizeof here, "%ju:%ju", (uintmax_t)st.st_dev, (uintmax_t)st.st_ino);
	return strcmp(stream, here) == 0;
}

void log_open(const char *program, enum log_level level, enum log_target target)
{
	state.program = program;
	log_set_level(level);
	state.journal = target == LOG_TARGET_JOURNAL ||
	    (target == LOG_TARGET_AUTO && journal_reads_stderr());
	choose_way();
}

void log_set_level(enum log_level level)
{
	atomic_store_explicit(&state.level, (int)level, memory_order_relaxed);
}

bool log_wants(enum log_level level)
{
	return (int)level <= atomic_load_explicit(&state.level, memory_order_relaxed);
}

/* False: the reader is too slow, or gone. */
static bool put(const char *line, size_t len)
{
	ssize_t n;

	if (state.way == WAY_SOCKET)
		n = send(state.fd, line, len, MSG_DONTWAIT | MSG_NOSIGNAL);
	else {
		/* Where no descriptor of our own could be had, ask before writing. */
		struct pollfd ready = {.fd = state.fd, .events = POLLOUT};
		if (state.fd == STDERR_FILENO && poll(&ready, 1, 0) != 1)
			return false;
		n = write(state.fd, line, len);
	}
	return n == (ssize_t)len;
}

/* "<4>tag: text" for the journal, else "2026-11-20 09:05:11 lachand warn tag: text". */
static int head(char *line, size_t size, enum log_level level, const char *tag)
{
	static const int priorities[] = {3, 4, 6, 7}; /* of syslog(3) */

	if (state.journal)
		return snprintf(line, size, "<%d>%s: ", priorities[level], tag);
	struct timespec now;
	struct tm parts;
	char when[32] = "";
	if (clock_gettime(CLOCK_REALTIME, &now) == 0 &&
	    localtime_r(&now.tv_sec, &parts) != NULL)
		(void)strftime(when, sizeof when, "%Y-%m-%d %H:%M:%S", &parts);
	return snprintf(
	    line, size, "%s %s %s %s: ", when, state.program, level_words[level], tag);
}

/* One line in one write, so that lines of several threads and programs do not mix. */
static void emit(enum log_level level, const char *tag, const char *text)
{
	char line[LOG_LINE_BYTES];
	int at = head(line, sizeof line, level, tag);

	if (at < 0 || (size_t)at > sizeof line - 64)
		return;
	text_printable(line + at, sizeof line - (size_t)at - 1, slice_of(text));
	size_t len = strlen(line);
	line[len++] = '\n';
	if (!put(line, len))
		(void)atomic_fetch_add_explicit(&state.lost, 1, memory_order_relaxed);
}

/* Lines the reader was too slow for; said as soon as one gets through again. */
static void say_lost(void)
{
	char text[96];

	if (atomic_load_explicit(&state.lost, memory_order_relaxed) == 0)
		return;
	uint32_t lost = atomic_exchange_explicit(&state.lost, 0, memory_order_relaxed);
	if (lost == 0)
		return;
	(void)snprintf(
	    text, sizeof text, "%u lines lost: whoever reads this log was too slow", lost);
	uint32_t before = atomic_load_explicit(&state.lost, memory_order_relaxed);
	emit(LOG_LEVEL_WARN, "log", text);
	/* Not even this one got through: count them again. */
	if (atomic_load_explicit(&state.lost, memory_order_relaxed) != before)
		(void)atomic_fetch_add_explicit(
		    &state.lost, lost - 1, memory_order_relaxed);
}

static void say_left_out(struct kind *kind)
{
	uint32_t left_out =
	    atomic_exchange_explicit(&kind->left_out, 0, memory_order_relaxed);
	char text[96];

	if (left_out == 0)
		return;
	(void)snprintf(
	    text, sizeof text, "%u more lines like the last ones were left out", left_out);
	emit((enum log_level)atomic_load(&kind->level), atomic_load(&kind->tag), text);
}

static uint64_t now_ms(void)
{
	struct timespec now;

	if (clock_gettime(CLOCK_MONOTONIC, &now) != 0)
		return 0;
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* True when this line is to be printed; else it was counted. */
static bool admit(enum log_level level, const char *tag, const char *format)
{
	if (level == LOG_LEVEL_DEBUG)
		return true;
	uint64_t key = siphash13((struct hash_key){1, 2}, slice_of(format)) ^
	    siphash13((struct hash_key){3, 4}, slice_of(tag));
	struct kind *kind = &state.kinds[key % KINDS];
	uint64_t now = now_ms();
	bool other = atomic_load_explicit(&kind->key, memory_order_relaxed) != key;

	if (other || now - atomic_load(&kind->since_ms) >= LOG_WINDOW_MS) {
		say_left_out(kind);
		atomic_store(&kind->tag, tag);
		atomic_store(&kind->level, (int)level);
		atomic_store(&kind->key, key);
		atomic_store(&kind->since_ms, now);
		atomic_store(&kind->lines, 0);
	}
	if (atomic_fetch_add(&kind->lines, 1) < LOG_BURST)
		return true;
	(void)atomic_fetch_add(&kind->left_out, 1);
	return false;
}

static void log_line(enum log_level level, const char *tag, const char *format,
    va_list args) __attribute__((format(printf, 3, 0)));

static void log_line(
    enum log_level level, const char *tag, const char *format, va_list args)
{
	char text[LOG_LINE_BYTES];
	int kept = errno;

	if (!log_wants(level) || !admit(level, tag, format))
		return;
	int n = vsnprintf(text, sizeof text, format, args);
	if (n >= (int)sizeof text)
		memcpy(text + sizeof text - 4, "...", 4);
	if (n >= 0) {
		say_lost();
		emit(level, tag, text);
	}
	errno = kept;
}

#define LOG_BODY(level)                             \
	do {                                        \
		va_list args;                       \
		va_start(args, format);             \
		log_line(level, tag, format, args); \
		va_end(args);                       \
	} while (0)

void log_error(const char *tag, const char *format, ...)
{
	LOG_BODY(LOG_LEVEL_ERROR);
}

void log_warn(const char *tag, const char *format, ...)
{
	LOG_BODY(LOG_LEVEL_WARN);
}

void log_info(const char *tag, const char *format, ...)
{
	LOG_BODY(LOG_LEVEL_INFO);
}

void log_debug(const char *tag, const char *format, ...)
{
	LOG_BODY(LOG_LEVEL_DEBUG);
}

/* Not through admit(): a list of mistakes is read once and must be whole. */
void log_diags(const char *tag, const struct diags *all)
{
	for (size_t i = 0; i < all->count; i++) {
		const struct diag *d = &all->items[i];
		enum log_level level =
		    d->level == DIAG_WARNING ? LOG_LEVEL_WARN : LOG_LEVEL_ERROR;
		char text[LOG_LINE_BYTES];
		if (!log_wants(level))
			continue;
		diag_describe(text, sizeof text, d);
		emit(level, tag, text);
	}
}

void log_tick(void)
{
	int kept = errno;
	uint64_t now = now_ms();

	for (size_t i = 0; i < KINDS; i++) {
		struct kind *kind = &state.kinds[i];
		if (atomic_load_explicit(&kind->left_out, memory_order_relaxed) > 0 &&
		    now - atomic_load(&kind->since_ms) >= LOG_WINDOW_MS)
			say_left_out(kind);
	}
	say_lost();
	errno = kept;
}
