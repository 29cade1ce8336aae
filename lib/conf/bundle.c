/* The files a configuration is made of, and their way through a sealed descriptor:
 *
 *	"lachan-bundle 2\n"
 *	folder, data_dir                 each: u32 length, bytes (little-endian)
 *	per part: file, text             the file's length ABSENT: there is none
 */
#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/words.h"
#include "conf/internal.h"

static const char MAGIC[] = "lachan-bundle 2\n";

#define ABSENT UINT32_MAX

enum {
	NAMES_MAX_BYTES = 4 << 20,
	/* Two parts of at most this and ten smaller ones, their names, and the two folders. */
	BUNDLE_MAX_BYTES = 24 << 20
};

static const char *const PART_FILES[BUNDLE_PARTS] = {
    [BUNDLE_CATEGORIES] = "categories.yaml",
    [BUNDLE_TIERS] = "tiers.yaml",
    [BUNDLE_FEEDS] = "feeds.yaml",
    [BUNDLE_SERVICES] = "services.yaml",
    [BUNDLE_SAFE_SEARCH] = "safe_search.yaml",
    [BUNDLE_BYPASS] = "bypass.yaml",
    [BUNDLE_NEVER_BLOCK] = "never-block.txt",
    [BUNDLE_POPULAR] = "popular.txt",
};

/* In a build tree, and wherever a whole installation was moved to, the data stand beside
 * the program's own folder; else where CMake said. */
enum err config_data_dir(char *out, size_t size)
{
	char program[PATH_MAX];
	char beside[PATH_MAX + 32];

	ssize_t len = readlink("/proc/self/exe", program, sizeof program - 1);
	if (len > 0) {
		program[len] = 0;
		(void)snprintf(
		    beside, sizeof beside, "%s/../share/lachan", dirname(program));
		char *real = realpath(beside, NULL);
		if (real != NULL) {
			int n = snprintf(out, size, "%s", real);
			free(real);
			return n >= 0 && (size_t)n < size ? OK : ERR_RANGE;
		}
	}
	int n = snprintf(out, size, "%s", LACHAN_DATA_DIR);
	return n >= 0 && (size_t)n < size ? OK : ERR_RANGE;
}

void config_bundle_deinit(struct config_bundle *bundle)
{
	for (size_t i = 0; i < BUNDLE_PARTS; i++) {
		free(bundle->parts[i].file);
		buf_deinit(&bundle->parts[i].text);
	}
	free(bundle->folder);
	free(bundle->data_dir);
	*bundle = (struct config_bundle){0};
}

/* `must_be`: the sentence to say when the file is not there; NULL: then it is absent. */
static enum err read_part(struct config_bundle *bundle, enum bundle_part part,
    const char *path, const char *must_be, struct diags *all)
{
	size_t max = part >= BUNDLE_NEVER_BLOCK ? NAMES_MAX_BYTES : YAML_TREE_MAX_BYTES;
	struct buf *text = &bundle->parts[part].text;

	*text = BUF_INIT(max);
	errno = 0;
	enum err rc = file_read(path, text);
	if (rc == ERR_NOT_FOUND && must_be == NULL)
		return OK;
	if (rc == ERR_NOT_FOUND)
		diags_error(all, path, 0, 0, "%s", must_be);
	else if (rc == ERR_FULL)
		diags_error(all, path, 0, 0, _("larger than %zu bytes (shorten it)"), max);
	else if (rc != OK && rc != ERR_MEMORY)
		diags_error(all, path, 0, 0, _("cannot be read: %s (check its rights)"),
		    strerror(errno));
	if (rc != OK)
		return rc == ERR_FULL ? ERR_CONFIG : rc;
	bundle->parts[part].file = strdup(path);
	return bundle->parts[part].file != NULL ? OK : ERR_MEMORY;
}

static enum err find_folder(struct config_bundle *bundle, const char *path)
{
	char *copy = strdup(path);
	if (copy == NULL)
		return ERR_MEMORY;
	bundle->folder = realpath(dirname(copy), NULL);
	int why = errno;
	free(copy);
	if (bundle->folder == NULL)
		return why == ENOMEM ? ERR_MEMORY : ERR_NOT_FOUND;
	return OK;
}

/* server.data_dir as a part of the file says it, without judging the rest; *said stays NULL
 * where it does not. The caller frees it. ERR_MEMORY. */
static enum err said_data_dir(
    char **said, const struct config_bundle *bundle, enum bundle_part part)
{
	struct arena arena = ARENA_INIT((size_t)64 << 20);
	struct diags unheard = DIAGS_NONE;
	struct yaml_node tree;

	if (bundle->parts[part].file == NULL)
		return OK;
	enum err rc = yaml_tree_parse(&tree, buf_slice(&bundle->parts[part].text),
	    bundle->parts[part].file, &arena, &unheard);
	if (rc == OK) {
		const char *text = yaml_text(yaml_find(&tree, "server"), "data_dir", NULL);
		if (text != NULL && text[0] != 0) {
			*said = strdup(text);
			rc = *said != NULL ? OK : ERR_MEMORY;
		}
	}
	arena_deinit(&arena);
	diags_deinit(&unheard);
	return rc == ERR_MEMORY ? ERR_MEMORY
	                        : OK; /* mistakes are told by who reads it all */
}

static enum err find_data_dir(struct config_bundle *bundle)
{
	char path[PATH_MAX];
	char *said = NULL;

	enum err rc = said_data_dir(&said, bundle, BUNDLE_OVERRIDES);
	if (rc == OK && said == NULL)
		rc = said_data_dir(&said, bundle, BUNDLE_MAIN);
	if (rc != OK)
		return rc;
	if (said == NULL)
		rc = config_data_dir(path, sizeof path);
	else if (said[0] == '/')
		rc = snprintf(path, sizeof path, "%s", said) < (int)sizeof path ? OK
		                                                                : ERR_RANGE;
	else
		rc = path_join(path, sizeof path, bundle->folder, said);
	free(said);
	if (rc != OK)
		return rc;
	bundle->data_dir = strdup(path);
	return bundle->data_dir != NULL ? OK : ERR_MEMORY;
}

static enum err read_overrides(
    struct config_bundle *bundle, const char *path, struct diags *all)
{
	char beside[PATH_MAX];

	/* Named from what the user typed, so that mistakes name it as he would. */
	char *copy = strdup(path);
	if (copy == NULL)
		return ERR_MEMORY;
	int n =
	    snprintf(beside, sizeof beside, "%s/lachan.d/overrides.yaml", dirname(copy));
	free(copy);
	if (n < 0 || (size_t)n >= sizeof beside)
		return ERR_RANGE;
	return read_part(bundle, BUNDLE_OVERRIDES, beside, NULL, all);
}

static enum err read_rules(struct config_bundle *bundle, struct diags *all)
{
	char path[PATH_MAX];

	for (enum bundle_part part = BUNDLE_CATEGORIES; part < BUNDLE_PARTS; part++) {
		enum err rc =
		    path_join(path, sizeof path, bundle->data_dir, PART_FILES[part]);
		if (rc == OK)
			rc = read_part(bundle, part, path,
			    _("this file of the rules' data is not there (install Lá Chắn "
			      "again, or let server.data_dir name the folder that has it)"),
			    all);
		if (rc != OK)
			return rc;
	}
	return OK;
}

enum err config_bundle_read(
    struct config_bundle *bundle, const char *path, struct diags *all)
{
	enum err rc = read_part(bundle, BUNDLE_MAIN, path,
	    _("there is no such file (give the configuration with -c FILE)"), all);
	if (rc == OK)
		rc = find_folder(bundle, path);
	if (rc == OK)
		rc = read_overrides(bundle, path, all);
	if (rc == OK)
		rc = find_data_dir(bundle);
	if (rc == OK)
		rc = read_rules(bundle, all);
	return rc;
}

/* ---- through a descriptor --------------------------------------------------------------- */

static void put_bytes(struct buf *out, struct slice s)
{
	uint8_t length[4];
	struct writer w = writer_over(length, sizeof length);

	writer_le32(&w, (uint32_t)s.len);
	buf_append(out, writer_slice(&w));
	buf_append(out, s);
}

static void put_absent(struct buf *out)
{
	uint8_t length[4];
	struct writer w = writer_over(length, sizeof length);

	writer_le32(&w, ABSENT);
	buf_append(out, writer_slice(&w));
}

int config_bundle_seal(const struct config_bundle *bundle)
{
	struct buf out = BUF_INIT(BUNDLE_MAX_BYTES);
	int fd = -1;

	buf_text(&out, MAGIC);
	put_bytes(&out, slice_of(bundle->folder));
	put_bytes(&out, slice_of(bundle->data_dir));
	for (size_t i = 0; i < BUNDLE_PARTS; i++) {
		if (bundle->parts[i].file == NULL) {
			put_absent(&out);
			continue;
		}
		put_bytes(&out, slice_of(bundle->parts[i].file));
		put_bytes(&out, buf_slice(&bundle->parts[i].text));
	}
	if (buf_status(&out) == OK)
		fd = memfd_sealed("lachan-config", buf_slice(&out));
	else
		errno = ENOMEM;
	buf_deinit(&out);
	return fd;
}

/* False when the part is absent; then, and at the end of the bytes, `s` is empty. */
static bool take_bytes(struct reader *r, struct slice *s)
{
	uint32_t length = reader_le32(r);

	*s = SLICE_EMPTY;
	if (r->bad || length == ABSENT)
		return false;
	*s = reader_bytes(r, length);
	return !r->bad;
}

static char *keep(struct slice s)
{
	return strndup(s.ptr != NULL ? (const char *)s.ptr : "", s.len);
}

static enum err take_part(struct config_bundle *bundle, size_t part, struct reader *r)
{
	struct slice file;
	struct slice text;

	if (!take_bytes(r, &file))
		return r->bad ? ERR_FORMAT : OK;
	if (!take_bytes(r, &text))
		return ERR_FORMAT;
	bundle->parts[part].file = keep(file);
	bundle->parts[part].text = BUF_INIT(BUNDLE_MAX_BYTES);
	buf_append(&bundle->parts[part].text, text);
	if (bundle->parts[part].file == NULL)
		return ERR_MEMORY;
	return buf_status(&bundle->parts[part].text);
}

static enum err unpack(struct config_bundle *bundle, struct slice bytes)
{
	struct reader r = reader_over(bytes);
	struct slice folder;
	struct slice data_dir;

	struct slice magic = reader_bytes(&r, sizeof MAGIC - 1);
	if (r.bad || memcmp(magic.ptr, MAGIC, magic.len) != 0)
		return ERR_FORMAT;
	if (!take_bytes(&r, &folder) || !take_bytes(&r, &data_dir))
		return ERR_FORMAT;
	bundle->folder = keep(folder);
	bundle->data_dir = keep(data_dir);
	if (bundle->folder == NULL || bundle->data_dir == NULL)
		return ERR_MEMORY;
	for (size_t i = 0; i < BUNDLE_PARTS; i++) {
		enum err rc = take_part(bundle, i, &r);
		if (rc != OK)
			return rc;
	}
	return bundle->parts[BUNDLE_MAIN].file != NULL ? OK : ERR_FORMAT;
}

/* Reads at offsets, so that children that share the descriptor share no position. */
static enum err read_all(int fd, struct buf *out)
{
	uint8_t piece[16384];
	off_t at = 0;

	for (;;) {
		ssize_t n = pread(fd, piece, sizeof piece, at);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return ERR_IO;
		if (n == 0)
			return buf_status(out);
		buf_append(out, (struct slice){piece, (size_t)n});
		at += n;
	}
}

enum err config_bundle_open(struct config_bundle *bundle, int fd)
{
	struct buf bytes = BUF_INIT(BUNDLE_MAX_BYTES);

	enum err rc = read_all(fd, &bytes);
	if (rc == OK)
		rc = unpack(bundle, buf_slice(&bytes));
	buf_deinit(&bytes);
	return rc;
}
