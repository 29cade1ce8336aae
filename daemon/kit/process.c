#include "kit/process.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/bytes.h"
#include "base/file.h"

enum {
	STATUS_MAX_BYTES = 16 << 10,
	STATM_BYTES = 256,
	PATH_BYTES = 64,
	KEY_BYTES = 32
};

/* What follows "\nKEY:\t" in /proc/PID/status; up to the line's end. */
static bool find_line(struct buf *text, pid_t pid, const char *key, struct slice *value)
{
	char path[PATH_BYTES];
	char start[KEY_BYTES];

	(void)snprintf(
	    path, sizeof path, "/proc/%ld/status", (long)(pid == 0 ? getpid() : pid));
	(void)snprintf(start, sizeof start, "\n%s:", key);
	if (file_read(path, text) != OK)
		return false;
	const char *at = strstr(buf_cstr(text), start);
	if (at == NULL)
		return false;
	at += strlen(start);
	at += strspn(at, " \t");
	*value = (struct slice){(const uint8_t *)at, strcspn(at, "\n")};
	return true;
}

enum process_state process_state(pid_t pid)
{
	struct buf text = BUF_INIT(STATUS_MAX_BYTES);
	enum process_state state = PROCESS_UNKNOWN;
	struct slice value;

	if (find_line(&text, pid, "State", &value) && value.len > 0)
		switch (value.ptr[0]) {
		case 'R':
		case 'D':
			state = PROCESS_BUSY;
			break;
		case 'T':
			state = PROCESS_STOPPED;
			break;
		case 't':
			state = PROCESS_TRACED;
			break;
		default:
			state = PROCESS_WAITING;
			break;
		}
	buf_deinit(&text);
	return state;
}

long process_number(pid_t pid, const char *key)
{
	struct buf text = BUF_INIT(STATUS_MAX_BYTES);
	struct slice value;
	uint64_t number;
	long found = -1;

	if (find_line(&text, pid, key, &value) && slice_to_u64(value, INT32_MAX, &number))
		found = (long)number;
	buf_deinit(&text);
	return found;
}

bool process_is_traced(pid_t pid)
{
	return process_number(pid, "TracerPid") > 0;
}

/* The second number of statm, in pages. */
uint64_t process_resident_bytes(void)
{
	struct buf text = BUF_INIT(STATM_BYTES);
	uint64_t pages = 0;
	long page_bytes = sysconf(_SC_PAGESIZE);

	if (file_read("/proc/self/statm", &text) == OK) {
		struct slice rest = buf_slice(&text);
		(void)slice_cut(&rest, ' ');
		if (!slice_to_u64(slice_cut(&rest, ' '), UINT64_MAX / 65536, &pages))
			pages = 0;
	}
	buf_deinit(&text);
	return page_bytes > 0 ? pages * (uint64_t)page_bytes : 0;
}
