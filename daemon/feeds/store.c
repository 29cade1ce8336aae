#include "feeds/store.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	FOLDER_MODE = 0750,
	META_MODE = 0640
};

static const char temporary_mark[] = ".tmp.";

static enum err take_lock(struct store *s, enum store_wait wait, struct diag *why)
{
	char path[FILE_PATH_BYTES];

	if (path_join(path, sizeof path, s->folder, ".lock") != OK) {
		diag_set(why, "%s: the path is too long", s->folder);
		return ERR_RANGE;
	}
	s->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, META_MODE);
	if (s->lock_fd < 0) {
		diag_set(why, "%s: %s", path, strerror(errno));
		return ERR_IO;
	}
	int how = LOCK_EX | (wait == STORE_GO_AWAY ? LOCK_NB : 0);
	while (flock(s->lock_fd, how) != 0) {
		if (errno == EWOULDBLOCK) {
			diag_set(why, "another lachan-feeds is at work");
			return ERR_AGAIN;
		}
		if (errno != EINTR) {
			diag_set(why, "%s: %s", path, strerror(errno));
			return ERR_IO;
		}
	}
	return OK;
}

/* Calls `judge` for every entry of a folder; true removes the file. */
static void sweep(const char *folder,
    bool (*judge)(const struct store *s, const char *name), const struct store *s)
{
	char path[FILE_PATH_BYTES];
	DIR *dir = opendir(folder);

	if (dir == NULL)
		return;
	for (const struct dirent *e = readdir(dir); e != NULL; e = readdir(dir)) {
		if (judge(s, e->d_name) &&
		    path_join(path, sizeof path, folder, e->d_name) == OK)
			(void)unlink(path);
	}
	(void)closedir(dir);
}

/* Nobody else writes here while we hold the lock: a temporary file is a killed run's. */
static bool is_leftover(const struct store *s UNUSED, const char *name)
{
	return strstr(name, temporary_mark) != NULL;
}

static bool is_rules_leftover(const struct store *s UNUSED, const char *name)
{
	return slice_starts(slice_of(name), SLICE_LIT("rules.db.tmp."));
}

static void read_meta(struct feed *feed)
{
	struct buf text = BUF_INIT(META_FILE_MAX_BYTES);

	feed->meta = META_INIT;
	if (file_read(feed->meta_path, &text) != OK ||
	    meta_decode(&feed->meta, buf_slice(&text)) != OK)
		feed->meta = META_INIT;
	buf_deinit(&text);
	feed->has_copy = access(feed->copy_path, R_OK) == 0;
}

static enum err add_feed(struct store *s, const struct config_feed *config)
{
	struct feed *feed = &s->feeds[s->count];
	char name[128];

	feed->config = config;
	(void)snprintf(name, sizeof name, "%s.gz", config->name.text);
	enum err rc = path_join(feed->copy_path, sizeof feed->copy_path, s->folder, name);
	(void)snprintf(name, sizeof name, "%s.meta", config->name.text);
	if (rc == OK)
		rc = path_join(feed->meta_path, sizeof feed->meta_path, s->folder, name);
	if (rc != OK)
		return rc;
	read_meta(feed);
	s->count++;
	return OK;
}

static enum err add_feeds(struct store *s, const struct config_feeds *feeds)
{
	s->configured = feeds;
	s->feeds = calloc(feeds->count + 1, sizeof *s->feeds);
	enum err rc = s->feeds != NULL ? OK : ERR_MEMORY;
	for (size_t i = 0; rc == OK && i < feeds->count; i++) {
		if (feeds->items[i].enabled)
			rc = add_feed(s, &feeds->items[i]);
	}
	return rc;
}

enum err store_open(struct store *s, const char *state_folder,
    const struct config_feeds *feeds, enum store_wait wait, struct diag *why)
{
	enum err rc = path_join(s->folder, sizeof s->folder, state_folder, "feeds");

	if (rc != OK) {
		diag_set(why, "state_dir: the path is too long");
		return rc;
	}
	if (mkdir(s->folder, FOLDER_MODE) != 0 && errno != EEXIST) {
		diag_set(why, "%s: %s", s->folder, strerror(errno));
		return ERR_IO;
	}
	rc = take_lock(s, wait, why);
	if (rc != OK)
		return rc;
	sweep(s->folder, is_leftover, s);
	sweep(state_folder, is_rules_leftover, s);
	rc = add_feeds(s, feeds);
	if (rc != OK)
		diag_set(why, "%s", err_text(rc));
	return rc;
}

void store_close(struct store *s)
{
	free(s->feeds);
	if (s->lock_fd >= 0)
		(void)close(s->lock_fd); /* and the lock with it */
	*s = STORE_NONE;
}

enum err store_save_meta(const struct feed *feed)
{
	struct buf text = BUF_INIT(META_FILE_MAX_BYTES);

	enum err rc = meta_encode(&feed->meta, &text);
	if (rc == OK)
		rc = file_write_atomic(feed->meta_path, buf_slice(&text), META_MODE);
	buf_deinit(&text);
	return rc;
}

/* NAME.gz or NAME.meta of a feed that is not configured. */
static bool is_stranger(const struct store *s, const char *name)
{
	struct slice file = slice_of(name);
	size_t tail = slice_ends(file, SLICE_LIT(".gz")) ? strlen(".gz")
	    : slice_ends(file, SLICE_LIT(".meta"))       ? strlen(".meta")
	                                                 : 0;

	if (tail == 0)
		return false;
	file.len -= tail;
	for (size_t i = 0; i < s->configured->count; i++) {
		if (slice_equal(file, slice_of(s->configured->items[i].name.text)))
			return false;
	}
	return true;
}

void store_remove_strangers(const struct store *s)
{
	sweep(s->folder, is_stranger, s);
}

void store_remove_copies(struct store *s)
{
	for (size_t i = 0; i < s->count; i++) {
		(void)unlink(s->feeds[i].copy_path);
		s->feeds[i].has_copy = false;
	}
}

void store_read_inputs(const struct store *s, char out[STORE_DIGEST_BYTES])
{
	char path[FILE_PATH_BYTES];
	struct buf text = BUF_INIT(STORE_DIGEST_BYTES);

	out[0] = 0;
	if (path_join(path, sizeof path, s->folder, ".inputs") == OK &&
	    file_read(path, &text) == OK && text.len == STORE_DIGEST_BYTES)
		(void)snprintf(out, STORE_DIGEST_BYTES, "%s", buf_cstr(&text));
	buf_deinit(&text);
}

enum err store_write_inputs(const struct store *s, const char *digest)
{
	char path[FILE_PATH_BYTES];
	char line[STORE_DIGEST_BYTES + 1];

	(void)snprintf(line, sizeof line, "%s\n", digest);
	enum err rc = path_join(path, sizeof path, s->folder, ".inputs");
	if (rc == OK)
		rc = file_write_atomic(path, slice_of(line), META_MODE);
	return rc;
}
