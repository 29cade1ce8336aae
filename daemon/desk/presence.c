#include "desk/presence.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/file.h"
#include "conf/config.h"
#include "desk/desk.h"
#include "kit/log.h"

#define HEAD     "lachan-presence 1\n"
#define OPERATOR "operator"

enum {
	HOUR_S = 3600,
	MS = 1000,
	AHEAD_S = 2 * HOUR_S, /* by how much a clock may have gone back since */
	TEXT_MAX = 1024,
	HOUR_TEXT_BYTES = 32,
	MODE = 0640
};

const char *presence_word(unsigned kind)
{
	return kind == PRESENCE_OPERATOR ? OPERATOR
	                                 : account_role_word((enum account_role)kind);
}

static void hour_text(char out[HOUR_TEXT_BYTES], int64_t hour_s)
{
	time_t at = (time_t)hour_s;
	struct tm utc;

	if (gmtime_r(&at, &utc) == NULL ||
	    strftime(out, HOUR_TEXT_BYTES, "%Y-%m-%dT%HZ", &utc) == 0)
		out[0] = 0;
}

void presence_write(struct buf *out, const struct presence *p)
{
	char text[HOUR_TEXT_BYTES];

	buf_text(out, HEAD);
	for (unsigned i = 0; i < PRESENCE_KINDS; i++) {
		if (p->hour_s[i] == 0)
			continue;
		hour_text(text, p->hour_s[i]);
		buf_printf(out, "%s %s\n", presence_word(i), text);
	}
}

/* "2026-11-22T03Z"; what hour_text() would not write is none. */
static bool read_hour(struct slice text, int64_t *out)
{
	char copy[HOUR_TEXT_BYTES], again[HOUR_TEXT_BYTES];
	struct tm utc = {.tm_sec = 0};

	if (text.len >= sizeof copy)
		return false;
	memcpy(copy, text.ptr, text.len);
	copy[text.len] = 0;
	const char *end = strptime(copy, "%Y-%m-%dT%HZ", &utc);
	int64_t hour_s = end == NULL || *end != 0 ? 0 : (int64_t)timegm(&utc);
	if (hour_s <= 0)
		return false;
	hour_text(again, hour_s);
	if (strcmp(copy, again) != 0)
		return false;
	*out = hour_s;
	return true;
}

static bool read_line(struct presence *p, struct slice line)
{
	struct slice word = slice_cut(&line, ' ');

	for (unsigned i = 0; i < PRESENCE_KINDS; i++)
		if (slice_equal(word, slice_of(presence_word(i))))
			return line.ptr != NULL && p->hour_s[i] == 0 &&
			    read_hour(line, &p->hour_s[i]);
	return false;
}

enum err presence_read(struct presence *out, struct slice text)
{
	struct presence p = PRESENCE_NONE;
	struct slice head = SLICE_LIT(HEAD);

	if (!slice_starts(text, head) || text.ptr[text.len - 1] != '\n')
		return ERR_FORMAT;
	struct slice rest = {text.ptr + head.len, text.len - head.len};
	while (rest.len > 0)
		if (!read_line(&p, slice_cut(&rest, '\n')))
			return ERR_FORMAT;
	*out = p;
	return OK;
}

bool presence_was(
    const struct presence *p, unsigned kinds, int64_t now_s, uint64_t within_ms)
{
	for (unsigned i = 0; i < PRESENCE_KINDS; i++) {
		if ((kinds & 1U << i) == 0 || p->hour_s[i] == 0 ||
		    p->hour_s[i] > now_s + AHEAD_S)
			continue;
		/* The hour it was ends an hour later: nobody is forgotten early. */
		if (now_s - p->hour_s[i] < (int64_t)(within_ms / MS) + HOUR_S)
			return true;
	}
	return false;
}

static enum err place_of(char path[FILE_PATH_BYTES], const struct desk *desk)
{
	return path_join(
	    path, FILE_PATH_BYTES, desk->config->server.state_dir.text, "presence");
}

static enum err save(const struct desk *desk)
{
	char path[FILE_PATH_BYTES];
	struct buf text = BUF_INIT(TEXT_MAX);

	presence_write(&text, &desk->presence);
	enum err rc = buf_status(&text);
	if (rc == OK)
		rc = place_of(path, desk);
	if (rc == OK)
		rc = file_write_atomic(path, buf_slice(&text), MODE);
	buf_deinit(&text);
	return rc;
}

void presence_note(struct desk *desk, unsigned kinds)
{
	int64_t now_s = desk_wall_s();
	int64_t hour_s = now_s - now_s % HOUR_S;
	bool changed = false;

	for (unsigned i = 0; i < PRESENCE_KINDS; i++) {
		if ((kinds & 1U << i) == 0 || desk->presence.hour_s[i] == hour_s)
			continue;
		desk->presence.hour_s[i] = hour_s;
		changed = true;
	}
	if (!changed)
		return;
	enum err rc = save(desk);
	if (rc != OK)
		log_error("presence",
		    "state_dir/presence: %s; after a restart forms stay closed until "
		    "somebody signs in again",
		    err_text(rc));
}

bool presence_within(const struct desk *desk, unsigned kinds, uint64_t within_ms)
{
	return presence_was(&desk->presence, kinds, desk_wall_s(), within_ms);
}

static enum err open_presence(struct desk *desk, struct diag *why UNUSED)
{
	char path[FILE_PATH_BYTES];
	struct buf text = BUF_INIT(TEXT_MAX);

	enum err rc = place_of(path, desk);
	if (rc == OK)
		rc = file_read(path, &text);
	if (rc == OK)
		rc = presence_read(&desk->presence, buf_slice(&text));
	/* Honest without it: forms stay closed until somebody is here again. */
	if (rc != OK && rc != ERR_NOT_FOUND)
		log_warn("presence", "%s: %s; nobody counts as having been here", path,
		    err_text(rc));
	buf_deinit(&text);
	return OK;
}

const struct part presence_part = {.name = "presence", .open = open_presence};
