/* A whole text in passing: the manifest is kept, of the lists one line at a time. */
#include <openssl/evp.h>
#include <stdlib.h>

#include "base/words.h"
#include "bundle/internal.h"

enum {
	LINE_MAX_BYTES = 1024 /* of the lists: a name, or a remark */
};

struct bundle_reader {
	struct buf head; /* the manifest */
	size_t searched; /* of `head`: no signature line begins before */
	bool has_manifest;
	struct bundle manifest;
	EVP_MD_CTX *sum;
	uint64_t bytes;    /* of the lists */
	struct buf line;   /* whose end has not come yet */
	size_t lists;      /* begun */
	uint64_t entries;  /* of the one under way */
	uint64_t numbered; /* lines of the lists */
	enum err rc;       /* the first error stays */
	struct diag first;
};

enum err bundle_reader_new(struct bundle_reader **out)
{
	struct bundle_reader *r = calloc(1, sizeof *r);

	if (r == NULL)
		return ERR_MEMORY;
	r->head = BUF_INIT(BUNDLE_MANIFEST_MAX);
	r->line = BUF_INIT(LINE_MAX_BYTES);
	r->sum = EVP_MD_CTX_new();
	if (r->sum == NULL || EVP_DigestInit_ex(r->sum, EVP_sha256(), NULL) != 1) {
		bundle_reader_free(r);
		return ERR_MEMORY;
	}
	*out = r;
	return OK;
}

void bundle_reader_free(struct bundle_reader *r)
{
	if (r == NULL)
		return;
	bundle_deinit(&r->manifest);
	buf_deinit(&r->head);
	buf_deinit(&r->line);
	EVP_MD_CTX_free(r->sum);
	free(r);
}

static enum err refuse(struct bundle_reader *r, const char *what)
{
	diag_set(&r->first, N_("line %llu of the bundle's lists: %s"),
	    (unsigned long long)r->numbered, what);
	return ERR_FORMAT;
}

/* ---- the lists ---------------------------------------------------------------------------- */

static bool list_is_whole(const struct bundle_reader *r)
{
	return r->lists == 0 || r->entries == r->manifest.lists[r->lists - 1].entries;
}

static enum err begin_list(struct bundle_reader *r, struct slice rest)
{
	struct slice name = slice_cut(&rest, ' ');

	if (!list_is_whole(r))
		return refuse(r, N_("the list before has not as many names as announced"));
	if (r->lists == r->manifest.list_count)
		return refuse(r, N_("a list that the manifest does not have"));
	const struct bundle_list *list = &r->manifest.lists[r->lists];
	if (!slice_equal(name, slice_of(list->name)) ||
	    !slice_equal(rest, slice_of(list->category)))
		return refuse(r, N_("not the list that is next in the manifest"));
	r->lists++;
	r->entries = 0;
	return OK;
}

static enum err take_line(struct bundle_reader *r, struct slice line)
{
	struct name_buf name;

	r->numbered++;
	if (slice_starts(line, SLICE_LIT("list ")))
		return begin_list(r, (struct slice){line.ptr + 5, line.len - 5});
	if (r->lists == 0)
		return refuse(r, N_("names before the first list"));
	if (line.len > 0 && line.ptr[0] == '#') {
		return bundle_is_plain(line) ? OK : refuse(r, N_("not a line of text"));
	}
	if (!bundle_is_name(&name, line))
		return refuse(r, N_("not a domain name in lower case"));
	r->entries++;
	return OK;
}

/* The line that `rest` begins with, and what came of it before; false: its end is missing. */
static bool next_line(struct bundle_reader *r, struct slice *rest, struct slice *line)
{
	if (!bundle_next_line(rest, line)) {
		buf_append(&r->line, *rest);
		return false;
	}
	if (r->line.len > 0) {
		buf_append(&r->line, *line);
		*line = buf_slice(&r->line);
	}
	return true;
}

static enum err take_lists(struct bundle_reader *r, struct slice bytes)
{
	struct slice line;

	if (r->manifest.lists_bytes - r->bytes < bytes.len) {
		diag_set(&r->first, N_("the bundle's lists are longer than announced"));
		return ERR_FORMAT;
	}
	r->bytes += bytes.len;
	if (bytes.len > 0 && EVP_DigestUpdate(r->sum, bytes.ptr, bytes.len) != 1)
		return ERR_MEMORY;
	while (next_line(r, &bytes, &line)) {
		enum err rc = line.len > LINE_MAX_BYTES || buf_status(&r->line) != OK
		    ? refuse(r, N_("too long a line"))
		    : take_line(r, line);
		if (rc != OK)
			return rc;
		buf_reset(&r->line);
	}
	enum err rc = buf_status(&r->line);
	return rc == ERR_FULL ? refuse(r, N_("too long a line")) : rc;
}

/* ---- the manifest --------------------------------------------------------------------------- */

/* Where the manifest in `head` ends; 0: not yet. */
static size_t find_end(struct bundle_reader *r)
{
	static const char start[] = "\nsignature ";
	struct slice all = buf_slice(&r->head);
	const uint8_t *at = all.len == 0
	    ? NULL
	    : memmem(all.ptr + r->searched, all.len - r->searched, start, sizeof start - 1);

	if (at == NULL) {
		r->searched = all.len > sizeof start ? all.len - sizeof start : 0;
		return 0;
	}
	r->searched = (size_t)(at - all.ptr);
	size_t behind = r->searched + sizeof start - 1;
	const uint8_t *end = memchr(all.ptr + behind, '\n', all.len - behind);
	return end == NULL ? 0 : (size_t)(end - all.ptr) + 1;
}

static enum err take_head(struct bundle_reader *r, struct slice *bytes)
{
	size_t room = BUNDLE_MANIFEST_MAX - r->head.len;
	size_t before = r->head.len;
	struct slice piece = {bytes->ptr, bytes->len < room ? bytes->len : room};

	buf_append(&r->head, piece);
	if (buf_status(&r->head) != OK)
		return ERR_MEMORY;
	size_t end = find_end(r);
	if (end == 0 && r->head.len == BUNDLE_MANIFEST_MAX) {
		diag_set(&r->first, N_("the bundle's manifest is too long"));
		return ERR_FORMAT;
	}
	size_t used = end == 0 ? piece.len : end - before;
	*bytes = (struct slice){bytes->ptr + used, bytes->len - used};
	if (end == 0)
		return OK;
	r->head.len = end;
	enum err rc = bundle_read(&r->manifest, buf_slice(&r->head), &r->first);
	r->has_manifest = rc == OK;
	return rc;
}

/* ---- public --------------------------------------------------------------------------------- */

enum err bundle_reader_push(struct bundle_reader *r, struct slice bytes, struct diag *why)
{
	if (r->rc == OK && bytes.len > 0 && !r->has_manifest)
		r->rc = take_head(r, &bytes);
	if (r->rc == OK && r->has_manifest)
		r->rc = take_lists(r, bytes);
	if (r->rc != OK && why != NULL)
		*why = r->first;
	return r->rc;
}

static enum err finish(struct bundle_reader *r)
{
	uint8_t digest[32];
	char text[BUNDLE_DIGEST_BYTES];

	if (!r->has_manifest) {
		diag_set(&r->first, N_("it is no bundle, or its manifest was cut short"));
		return ERR_FORMAT;
	}
	if (EVP_DigestFinal_ex(r->sum, digest, NULL) != 1)
		return ERR_MEMORY;
	bundle_hex(text, digest);
	if (r->bytes != r->manifest.lists_bytes ||
	    strcmp(text, r->manifest.lists_sha256) != 0) {
		diag_set(&r->first, N_("the bundle's lists were cut short or altered"));
		return ERR_FORMAT;
	}
	if (r->line.len > 0)
		return refuse(r, N_("a line without an end"));
	if (r->lists != r->manifest.list_count || !list_is_whole(r))
		return refuse(r, N_("lists or names that were announced are missing"));
	return OK;
}

enum err bundle_reader_finish(struct bundle_reader *r, struct diag *why)
{
	if (r->rc == OK)
		r->rc = finish(r);
	if (r->rc != OK && why != NULL)
		*why = r->first;
	return r->rc;
}

const struct bundle *bundle_reader_manifest(const struct bundle_reader *r)
{
	return r->has_manifest ? &r->manifest : NULL;
}

struct slice bundle_reader_text(const struct bundle_reader *r)
{
	return buf_slice(&r->head);
}
