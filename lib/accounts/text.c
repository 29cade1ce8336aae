#include "accounts/accounts.h"

#include <stdio.h>
#include <string.h>

#include "base/words.h"

static const char *const HEADS[] = {[ACCOUNT_HOUSE_SCHOOL] = "lachan-users 1",
    [ACCOUNT_HOUSE_DEPARTMENT] = "lachan-district-users 1"};

enum {
	HEX_MAX = 2 * SEAL_WRAPPED_BYTES + 1
};

/* The line that is read; `at` is where the reader stands. */
struct line {
	enum account_house house;
	const char *file;
	unsigned number;
	struct slice whole;
	struct slice rest;
	struct diag *why;
};

static enum err bad(const struct line *l, struct slice where, const char *what)
{
	struct diag *why = l->why;

	if (l->house == ACCOUNT_HOUSE_SCHOOL)
		diag_set(why,
		    _("%s (put back a copy of the file, or delete the line: that account is then gone, "
		      "and \"lachanctl user add\" makes it anew; until then nobody can sign in)"),
		    what);
	else
		diag_set(why,
		    _("%s (put back a copy of the file, or delete the line: that account is then gone, "
		      "and \"lachan-district user add\" makes it anew; until then nobody can sign in)"),
		    what);
	if (why != NULL) {
		(void)snprintf(why->file, sizeof why->file, "%s", l->file);
		why->line = l->number;
		why->column = (unsigned)(where.ptr - l->whole.ptr) + 1;
	}
	return ERR_FORMAT;
}

/* The value of the next field, which must be `key`. */
static enum err take(struct line *l, const char *key, struct slice *value)
{
	struct slice field = l->rest.ptr == NULL
	    ? (struct slice){l->whole.ptr + l->whole.len, 0}
	    : slice_cut(&l->rest, ' ');
	struct slice start = slice_of(key);

	if (!slice_starts(field, start)) {
		char what[64];
		(void)snprintf(what, sizeof what, _("\"%s\" is missing here"), key);
		return bad(l, field, what);
	}
	*value = (struct slice){field.ptr + start.len, field.len - start.len};
	return OK;
}

static bool read_hex(uint8_t *out, size_t size, struct slice hex)
{
	char text[HEX_MAX];

	if (hex.len != 2 * size || hex.len >= sizeof text)
		return false;
	memcpy(text, hex.ptr, hex.len);
	text[hex.len] = 0;
	return seal_from_hex(out, size, text);
}

static bool read_small(struct slice digits, uint64_t low, uint64_t high, uint8_t *out)
{
	uint64_t v;

	if (!slice_to_u64(digits, high, &v) || v < low || digits.ptr[0] == '0')
		return false;
	*out = (uint8_t)v;
	return true;
}

/* "14:8:1:SALT:HASH" */
static bool read_password(struct account *a, struct slice value)
{
	enum {
		LOG_N_LEAST = 1,
		LOG_N_MOST = 17,
		R_MOST = 16,
		P_MOST = 4
	};

	return read_small(
	           slice_cut(&value, ':'), LOG_N_LEAST, LOG_N_MOST, &a->cost.log_n) &&
	    read_small(slice_cut(&value, ':'), 1, R_MOST, &a->cost.r) &&
	    read_small(slice_cut(&value, ':'), 1, P_MOST, &a->cost.p) &&
	    read_hex(a->salt, sizeof a->salt, slice_cut(&value, ':')) &&
	    read_hex(a->hash, sizeof a->hash, slice_cut(&value, ':')) && value.ptr == NULL;
}

/* "PUBLIC:WRAPPED" */
static bool read_key(struct account *a, struct slice value)
{
	a->has_key = read_hex(a->key.bytes, sizeof a->key.bytes, slice_cut(&value, ':')) &&
	    read_hex(a->wrapped, sizeof a->wrapped, slice_cut(&value, ':')) &&
	    value.ptr == NULL;
	return a->has_key;
}

static bool read_day(char out[ACCOUNT_DAY_BYTES], struct slice value)
{
	static const char FORM[] = "0000-00-00";

	if (value.len != ACCOUNT_DAY_BYTES - 1)
		return false;
	for (size_t i = 0; i < value.len; i++) {
		bool digit = value.ptr[i] >= '0' && value.ptr[i] <= '9';
		if (FORM[i] == '0' ? !digit : value.ptr[i] != (uint8_t)FORM[i])
			return false;
	}
	memcpy(out, value.ptr, value.len);
	out[value.len] = 0;
	return true;
}

static enum err read_name(struct account *a, struct line *l)
{
	struct slice value;
	enum err rc = take(l, "name=", &value);

	if (rc != OK)
		return rc;
	if (!account_name_is_sound(value))
		return bad(l, value, _("that is no user's name"));
	memcpy(a->name, value.ptr, value.len);
	return OK;
}

static enum err read_roles(struct account *a, struct line *l)
{
	struct slice value;
	char again[ACCOUNT_ROLES_TEXT_BYTES];
	enum err rc = take(l, "roles=", &value);

	if (rc != OK)
		return rc;
	if (!account_roles_of(l->house, value, &a->roles))
		return bad(l, value, _("that is no list of roles"));
	account_roles_text(again, a->roles);
	if (!slice_equal(value, slice_of(again)))
		return bad(l, value, _("that is no list of roles"));
	return OK;
}

static enum err read_rest(struct account *a, struct line *l)
{
	bool wants_key = (a->roles & ACCOUNT_BIT(ACCOUNT_COUNSELLOR)) != 0;
	struct slice value;
	enum err rc = take(l, "made=", &value);

	if (rc == OK && !read_day(a->made, value))
		rc = bad(l, value, _("that is no day"));
	if (rc == OK)
		rc = take(l, "password=", &value);
	if (rc == OK && !read_password(a, value))
		rc = bad(l, value, _("that is not how a password is kept"));
	if (rc == OK && wants_key)
		rc = take(l, "key=", &value);
	if (rc == OK && wants_key && !read_key(a, value))
		rc = bad(l, value, _("that is not how a counsellor's key is kept"));
	if (rc == OK && l->rest.ptr != NULL)
		rc = bad(l, l->rest, _("nothing more may stand here"));
	return rc;
}

static enum err read_line(struct accounts *all, struct line *l)
{
	struct account a = {.roles = 0};
	enum err rc = read_name(&a, l);

	if (rc == OK && all->count > 0 &&
	    strcmp(all->items[all->count - 1].name, a.name) >= 0)
		rc =
		    bad(l, l->whole, _("the accounts are not in the order of their names"));
	if (rc == OK)
		rc = read_roles(&a, l);
	if (rc == OK)
		rc = read_rest(&a, l);
	if (rc == OK)
		rc = accounts_put(all, &a);
	if (rc == ERR_FULL)
		rc = bad(l, l->whole, _("these are more accounts than there may be"));
	seal_wipe(&a, sizeof a);
	return rc;
}

/* The next line of *text, without its end. False: it has none, as after a torn write. */
static bool next_line(struct slice *text, struct line *l)
{
	const uint8_t *end = text->len == 0 ? NULL : memchr(text->ptr, '\n', text->len);
	size_t len = end == NULL ? text->len : (size_t)(end - text->ptr);

	l->number++;
	l->whole = (struct slice){text->ptr, len};
	l->rest = l->whole;
	if (end == NULL)
		return false;
	text->ptr += len + 1;
	text->len -= len + 1;
	return true;
}

enum err accounts_read(struct accounts *out, enum account_house house, struct slice text,
    const char *file, struct diag *why)
{
	struct line l = {.house = house, .file = file, .why = why};
	struct accounts all = {.house = house};
	enum err rc = OK;

	if (text.ptr == NULL)
		text = SLICE_LIT("");
	if (!next_line(&text, &l) || !slice_equal(l.whole, slice_of(HEADS[house])))
		return bad(&l, l.whole, _("this is no file of users"));
	while (rc == OK && text.len > 0) {
		rc = next_line(&text, &l)
		    ? read_line(&all, &l)
		    : bad(&l, l.whole, _("the file ends in the middle of a line"));
	}
	if (rc == OK)
		*out = all;
	else
		accounts_deinit(&all);
	return rc;
}

static void write_hex(struct buf *out, const uint8_t *bytes, size_t size)
{
	char text[HEX_MAX];

	seal_to_hex(text, (struct slice){bytes, size});
	buf_text(out, text);
	seal_wipe(text, sizeof text);
}

static void write_account(struct buf *out, const struct account *a)
{
	char roles[ACCOUNT_ROLES_TEXT_BYTES];

	account_roles_text(roles, a->roles);
	buf_printf(out, "name=%s roles=%s made=%s password=%u:%u:%u:", a->name, roles,
	    a->made, a->cost.log_n, a->cost.r, a->cost.p);
	write_hex(out, a->salt, sizeof a->salt);
	buf_byte(out, ':');
	write_hex(out, a->hash, sizeof a->hash);
	if (a->has_key) {
		buf_text(out, " key=");
		write_hex(out, a->key.bytes, sizeof a->key.bytes);
		buf_byte(out, ':');
		write_hex(out, a->wrapped, sizeof a->wrapped);
	}
	buf_byte(out, '\n');
}

void accounts_write(struct buf *out, const struct accounts *all)
{
	buf_printf(out, "%s\n", HEADS[all->house]);
	for (size_t i = 0; i < all->count; i++)
		write_account(out, &all->items[i]);
}
