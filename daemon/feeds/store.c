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

/* ---- what is held ---- */

static bool is_accepted(const struct feed *feed)
{
	const struct meta *m = &feed->meta;
	return m->held.since_s > 0 && strcmp(m->accepted, m->held.sha256) == 0;
}

static void copy_text(char *out, size_t size, const char *text)
{
	(void)snprintf(out, size, "%s", text);
}

/* What is known of the held body is what is known of the last good copy from now on. */
static void take_over(struct meta *m)
{
	const struct meta_held *held = &m->held;

	copy_text(m->url, sizeof m->url, held->url);
	copy_text(m->etag, sizeof m->etag, held->etag);
	copy_text(m->last_modified, sizeof m->last_modified, held->last_modified);
	copy_text(m->sha256, sizeof m->sha256, held->sha256);
	copy_text(m->body_sha256, sizeof m->body_sha256, held->body_sha256);
	m->fetched_s = held->since_s;
	m->bytes = held->bytes;
	m->rules = held->rules;
	m->result = META_OK;
	m->reason[0] = 0;
	m->held = (struct meta_held){.since_s = 0};
}

/* The accepted text takes the place of the copy; the rename may be done already. */
static enum err settle(struct feed *feed)
{
	struct meta *m = &feed->meta;

	bool moved = rename(feed->held_path, feed->copy_path) == 0;
	if (!moved && errno != ENOENT)
		return ERR_IO;
	if (moved || feed->has_copy) {
		/* Not moved: it was before we were killed. Were it another text, compiling
		 * would notice. */
		feed->has_copy = true;
		take_over(m);
	} else {
		m->held = (struct meta_held){.since_s = 0};
		m->etag[0] = 0; /* the text is gone: it must come whole */
		m->last_modified[0] = 0;
		m->next_try_s = 0;
	}
	enum err rc = file_sync_folder(feed->copy_path);
	return rc == OK ? store_save_meta(feed) : rc;
}

enum err store_accept(struct feed *feed)
{
	struct meta *m = &feed->meta;

	if (m->held.since_s == 0)
		return ERR_NOT_FOUND;
	copy_text(m->accepted, sizeof m->accepted, m->held.sha256);
	enum err rc = store_save_meta(feed);
	return rc == OK ? settle(feed) : rc;
}

void store_forget_held(struct feed *feed)
{
	feed->meta.held = (struct meta_held){.since_s = 0};
	(void)unlink(feed->held_path);
}

/* A killed run may have left the text without its meta, or the other way round. */
static void mend_held(struct feed *feed)
{
	if (is_accepted(feed))
		(void)settle(feed); /* failing, it is tried again by the next run */
	else if (feed->meta.held.since_s == 0 || access(feed->held_path, R_OK) != 0)
		store_forget_held(feed);
}

static enum err add_feed(struct store *s, const struct config_feed *config)
{
	struct feed *feed = &s->feeds[s->count];
	char name[128];

	feed->config = config;
	(void)snprintf(name, sizeof name, "%s.gz", config->name.text);
	enum err rc = path_join(feed->copy_path, sizeof feed->copy_path, s->folder, name);
	(void)snprintf(name, sizeof name, "%s.held.gz", config->name.text);
	if (rc == OK)
		rc = path_join(feed->held_path, sizeof feed->held_path, s->folder, name);
	(void)snprintf(name, sizeof name, "%s.meta", config->name.text);
	if (rc == OK)
		rc = path_join(feed->meta_path, sizeof feed->meta_path, s->folder, name);
	if (rc != OK)
		return rc;
	read_meta(feed);
	mend_held(feed);
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

/* The end of a name that is ours; 0: the file is somebody else's. */
static size_t tail_of(struct slice file)
{
	static const char *const tails[] = {
	    ".held.gz", ".gz", ".meta", ".seen", ".manifest"};

	for (size_t i = 0; i < COUNT_OF(tails); i++) {
		if (slice_ends(file, slice_of(tails[i])))
			return strlen(tails[i]);
	}
	return 0;
}

/* NAME.gz, NAME.held.gz, NAME.meta and the like of a feed that is not configured. */
static bool is_stranger(const struct store *s, const char *name)
{
	struct slice file = slice_of(name);
	size_t tail = tail_of(file);

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
		/* What a bundle requires is read from its copy. */
		if (s->feeds[i].config->format == FEED_FORMAT_BUNDLE)
			continue;
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
