#include "feeds/archive.h"

#include <archive.h>
#include <archive_entry.h>
#include <stdlib.h>

#include "base/words.h"

enum {
	PIECE_BYTES = 64 * 1024
};

bool archive_is_one(struct slice head)
{
	static const uint8_t gzip[] = {0x1f, 0x8b};
	static const uint8_t xz[] = {0xfd, '7', 'z', 'X', 'Z', 0};
	enum {
		TAR_MAGIC_AT = 257
	};

	if (slice_starts(head, (struct slice){gzip, sizeof gzip}) ||
	    slice_starts(head, (struct slice){xz, sizeof xz}))
		return true;
	if (head.len < TAR_MAGIC_AT)
		return false;
	/* A server that undoes the gzip of a .tar.gz leaves this. */
	struct slice magic = {head.ptr + TAR_MAGIC_AT, head.len - TAR_MAGIC_AT};
	return slice_starts(magic, SLICE_LIT("ustar"));
}

struct unpacking {
	struct archive *a;
	struct members_text text;
	uint8_t piece[PIECE_BYTES];
};

static enum err open_archive(struct archive **out, int fd)
{
	struct archive *a = archive_read_new();

	if (a == NULL)
		return ERR_MEMORY;
	bool fine = archive_read_support_filter_gzip(a) == ARCHIVE_OK &&
	    archive_read_support_filter_xz(a) == ARCHIVE_OK &&
	    archive_read_support_format_tar(a) == ARCHIVE_OK &&
	    archive_read_support_format_raw(a) == ARCHIVE_OK &&
	    archive_read_open_fd(a, fd, PIECE_BYTES) == ARCHIVE_OK;
	if (!fine) {
		(void)archive_read_free(a);
		return ERR_FORMAT;
	}
	*out = a;
	return OK;
}

static enum err say_damaged(struct archive *a, struct diag *why)
{
	const char *said = archive_error_string(a);

	diag_set(
	    why, N_("the archive is damaged or cut short: %s"), said != NULL ? said : "?");
	return ERR_FORMAT;
}

/* What is passed over is unpacked as well, so it counts. */
static bool is_bomb(struct archive *a)
{
	int64_t packed = archive_filter_bytes(a, -1);
	int64_t unpacked = archive_filter_bytes(a, 0);

	return unpacked > ARCHIVE_RATIO_FREE_BYTES && unpacked / ARCHIVE_RATIO_MAX > packed;
}

static enum err say_bomb(struct diag *why)
{
	diag_set(why, N_("decompresses to more than 100 times its size"));
	return ERR_FORMAT;
}

/* The data of one entry, into the text. */
static enum err read_entry(struct unpacking *u, struct diag *why)
{
	for (;;) {
		la_ssize_t n = archive_read_data(u->a, u->piece, sizeof u->piece);
		if (n < 0)
			return say_damaged(u->a, why);
		if (n == 0)
			return OK;
		if (is_bomb(u->a))
			return say_bomb(why);
		enum err rc =
		    members_write(&u->text, (struct slice){u->piece, (size_t)n}, why);
		if (rc != OK)
			return rc;
	}
}

/* Block by block: the holes of a sparse file, which can be longer than all disks, lie between
 * blocks and are never made. */
static enum err pass_over_entry(struct unpacking *u, struct diag *why)
{
	for (;;) {
		const void *block;
		size_t size;
		la_int64_t at;
		int got = archive_read_data_block(u->a, &block, &size, &at);
		if (got == ARCHIVE_EOF)
			return OK;
		if (got != ARCHIVE_OK && got != ARCHIVE_WARN)
			return say_damaged(u->a, why);
		if (is_bomb(u->a))
			return say_bomb(why);
	}
}

static enum err take_entry(
    struct unpacking *u, struct archive_entry *entry, struct diag *why)
{
	const char *path = archive_entry_pathname(entry);

	if (archive_format(u->a) == ARCHIVE_FORMAT_RAW) {
		if (archive_filter_code(u->a, 0) == ARCHIVE_FILTER_NONE) {
			diag_set(why, N_("the archive cannot be read"));
			return ERR_FORMAT;
		}
		u->text.any = true; /* one compressed file: whatever it is called */
		u->text.fresh = true;
		return read_entry(u, why);
	}
	bool wanted = path != NULL && archive_entry_filetype(entry) == AE_IFREG &&
	    members_wants(u->text.members, slice_of(path));
	if (!wanted)
		return pass_over_entry(u, why);
	enum err rc = members_begin(&u->text, slice_of(path), why);
	return rc == OK ? read_entry(u, why) : rc;
}

static enum err read_entries(struct unpacking *u, struct diag *why)
{
	struct archive_entry *entry;

	for (size_t count = 0;; count++) {
		int got = archive_read_next_header(u->a, &entry);
		if (got == ARCHIVE_EOF)
			return members_end(&u->text, why);
		if (got != ARCHIVE_OK && got != ARCHIVE_WARN)
			return say_damaged(u->a, why);
		if (count == ARCHIVE_ENTRIES_MAX) {
			diag_set(why, N_("the archive holds too many files"));
			return ERR_FULL;
		}
		enum err rc = take_entry(u, entry, why);
		if (rc != OK)
			return rc;
	}
}

enum err archive_read_lists(int fd, const struct members *members, members_piece piece,
    void *context, struct diag *why)
{
	struct unpacking *u = calloc(1, sizeof *u);

	diag_set(why, "%s", err_text(ERR_MEMORY));
	if (u == NULL)
		return ERR_MEMORY;
	u->text =
	    (struct members_text){.members = members, .piece = piece, .context = context};
	enum err rc = open_archive(&u->a, fd);
	if (rc == ERR_FORMAT)
		diag_set(why, N_("the archive cannot be read"));
	if (rc == OK)
		rc = read_entries(u, why);
	(void)archive_read_free(u->a);
	free(u);
	return rc;
}
