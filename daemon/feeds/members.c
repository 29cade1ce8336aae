#include "feeds/members.h"

#include <stdio.h>

#include "base/words.h"
#include "feed/feed.h"

/* ---- paths ---- */

static struct slice without_dot(struct slice path)
{
	if (slice_starts(path, SLICE_LIT("./")))
		path = (struct slice){path.ptr + 2, path.len - 2};
	return path;
}

/* Cuts the last component off. */
static struct slice folder_of(struct slice path)
{
	while (path.len > 0 && path.ptr[path.len - 1] != '/')
		path.len--;
	if (path.len > 0)
		path.len--;
	return path;
}

static struct slice base_of(struct slice path)
{
	size_t at = path.len;

	while (at > 0 && path.ptr[at - 1] != '/')
		at--;
	return (struct slice){path.ptr + at, path.len - at};
}

/* Whole components at the end: "b/c" ends "a/b/c" and "b/c", not "ab/c". */
static bool ends_path(struct slice path, struct slice tail)
{
	return slice_ends(path, tail) &&
	    (path.len == tail.len || path.ptr[path.len - tail.len - 1] == '/');
}

/* `name`, or a numbered piece of it. */
static bool is_called(struct slice base, struct slice name)
{
	uint64_t number;

	if (!slice_starts(base, name))
		return false;
	struct slice rest = {base.ptr + name.len, base.len - name.len};
	return rest.len == 0 ||
	    (rest.ptr[0] == '.' &&
	        slice_to_u64(
	            (struct slice){rest.ptr + 1, rest.len - 1}, UINT16_MAX, &number));
}

static bool is_list(const struct members *m, struct slice base)
{
	return is_called(base, SLICE_LIT("domains")) ||
	    (m->squidguard &&
	        (is_called(base, SLICE_LIT("urls")) ||
	            is_called(base, SLICE_LIT("expressions"))));
}

bool members_wants(const struct members *m, struct slice path)
{
	struct slice wanted = slice_of(m->wanted);

	path = without_dot(path);
	while (wanted.len > 0 && wanted.ptr[wanted.len - 1] == '/')
		wanted.len--;
	if (wanted.len == 0)
		return is_list(m, base_of(path));
	return ends_path(path, wanted) ||
	    (is_list(m, base_of(path)) && ends_path(folder_of(path), wanted));
}

/* ---- the text ---- */

static enum err check_folder(struct members_text *t, struct slice path, struct diag *why)
{
	struct slice folder = folder_of(path);

	if (t->members->wanted[0] != 0)
		return OK;
	if (!t->any) {
		(void)snprintf(t->folder, sizeof t->folder, "%.*s",
		    (int)(folder.len < sizeof t->folder ? folder.len : 0),
		    (const char *)folder.ptr);
	} else if (!slice_equal(folder, slice_of(t->folder))) {
		diag_set(why,
		    N_("the archive holds several lists: name a folder behind # in the URL"));
		return ERR_FORMAT;
	}
	return OK;
}

/* What a stranger wrote into an archive may end up on a terminal. */
static void describe(char out[MEMBERS_PATH_BYTES], struct slice path)
{
	size_t len = path.len < MEMBERS_PATH_BYTES ? path.len : MEMBERS_PATH_BYTES - 1;

	for (size_t i = 0; i < len; i++)
		out[i] = path.ptr[i] > ' ' && path.ptr[i] < 0x7f ? (char)path.ptr[i] : '?';
	out[len] = 0;
}

static enum err pass_on(struct members_text *t, struct slice bytes, struct diag *why)
{
	if (t->members->max_bytes - t->bytes < bytes.len) {
		diag_set(why, N_("larger than max_size once decompressed"));
		return ERR_FULL;
	}
	t->bytes += bytes.len;
	t->in_line = bytes.ptr[bytes.len - 1] != '\n';
	return t->piece(t->context, bytes, why);
}

enum err members_begin(struct members_text *t, struct slice path, struct diag *why)
{
	char shown[MEMBERS_PATH_BYTES];
	char line[MEMBERS_PATH_BYTES + 16];

	path = without_dot(path);
	enum err rc = check_folder(t, path, why);
	if (rc != OK)
		return rc;
	t->any = true;
	t->fresh = true;
	describe(shown, path);
	int n = snprintf(line, sizeof line, "%s%c member: %s\n", t->in_line ? "\n" : "",
	    t->members->comment, shown);
	return pass_on(t, (struct slice){(const uint8_t *)line, (size_t)n}, why);
}

enum err members_write(struct members_text *t, struct slice bytes, struct diag *why)
{
	if (bytes.len == 0)
		return OK;
	/* The parser would look no further than our comment line. */
	enum err rc = t->fresh ? feed_sniff(bytes, why) : OK;
	t->fresh = false;
	return rc == OK ? pass_on(t, bytes, why) : rc;
}

enum err members_end(const struct members_text *t, struct diag *why)
{
	if (t->any)
		return OK;
	diag_set(why,
	    t->members->wanted[0] != 0
	        ? N_("nothing in it is named as the part behind # in the URL says")
	        : N_("it holds no file named \"domains\": name one behind # in the URL"));
	return ERR_FORMAT;
}
