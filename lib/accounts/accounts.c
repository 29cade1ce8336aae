#include "accounts/accounts.h"

#include <stdlib.h>
#include <string.h>

static const char *const ROLE_WORDS[ACCOUNT_ROLES] = {
    [ACCOUNT_ADMIN] = "admin",
    [ACCOUNT_APPROVER] = "approver",
    [ACCOUNT_COUNSELLOR] = "counsellor",
    [ACCOUNT_TEACHER] = "teacher",
    [ACCOUNT_VIEWER] = "viewer",
    [ACCOUNT_OPERATOR] = "operator",
    [ACCOUNT_EDUCATION] = "education",
    [ACCOUNT_ICT] = "ict",
    [ACCOUNT_POLICE] = "police",
    [ACCOUNT_CHILD_AFFAIRS] = "child_affairs",
    [ACCOUNT_YOUTH_UNION] = "youth_union",
};

const char *account_role_word(enum account_role role)
{
	return ROLE_WORDS[role];
}

unsigned account_house_roles(enum account_house house)
{
	const unsigned school = (1U << ACCOUNT_SCHOOL_ROLES) - 1;
	const unsigned all = (1U << ACCOUNT_ROLES) - 1;

	return house == ACCOUNT_HOUSE_SCHOOL
	    ? school
	    : (all & ~school) | ACCOUNT_BIT(ACCOUNT_VIEWER);
}

static unsigned role_bit(struct slice word)
{
	for (unsigned i = 0; i < ACCOUNT_ROLES; i++)
		if (slice_equal(word, slice_of(ROLE_WORDS[i])))
			return ACCOUNT_BIT(i);
	return 0;
}

bool account_roles_of(enum account_house house, struct slice words, unsigned *out)
{
	unsigned left = account_house_roles(house);
	unsigned found = 0;

	do {
		unsigned bit = role_bit(slice_cut(&words, ','));
		if ((left & bit) == 0)
			return false;
		left &= ~bit;
		found |= bit;
	} while (words.ptr != NULL);
	*out = found;
	return true;
}

void account_roles_text(char out[ACCOUNT_ROLES_TEXT_BYTES], unsigned roles)
{
	size_t len = 0;

	for (unsigned i = 0; i < ACCOUNT_ROLES; i++) {
		if ((roles & ACCOUNT_BIT(i)) == 0)
			continue;
		size_t n = strlen(ROLE_WORDS[i]);
		if (len > 0)
			out[len++] = ',';
		memcpy(out + len, ROLE_WORDS[i], n);
		len += n;
	}
	out[len] = 0;
}

bool account_name_is_sound(struct slice name)
{
	if (name.len < 2 || name.len >= ACCOUNT_NAME_BYTES || name.ptr[0] < 'a' ||
	    name.ptr[0] > 'z')
		return false;
	for (size_t i = 0; i < name.len; i++) {
		uint8_t c = name.ptr[i];
		bool letter = c >= 'a' && c <= 'z';
		bool digit = c >= '0' && c <= '9';
		if (!letter && !digit && c != '.' && c != '_' && c != '-')
			return false;
	}
	return true;
}

bool account_name_of(char out[ACCOUNT_NAME_BYTES], struct slice typed)
{
	char name[ACCOUNT_NAME_BYTES] = "";

	typed = slice_trim(typed);
	if (typed.len >= ACCOUNT_NAME_BYTES)
		return false;
	for (size_t i = 0; i < typed.len; i++)
		name[i] = (char)byte_lower(typed.ptr[i]);
	if (!account_name_is_sound((struct slice){(const uint8_t *)name, typed.len}))
		return false;
	memcpy(out, name, sizeof name);
	return true;
}

/* Where `name` is, or where it belongs. */
static size_t place_of(const struct accounts *all, const char *name, bool *there)
{
	size_t low = 0, high = all->count;

	*there = false;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = strcmp(all->items[middle].name, name);
		if (order == 0) {
			*there = true;
			return middle;
		}
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

const struct account *accounts_find(const struct accounts *all, const char *name)
{
	bool there;
	size_t i = place_of(all, name, &there);

	return there ? &all->items[i] : NULL;
}

size_t accounts_count(const struct accounts *all, unsigned roles)
{
	size_t n = 0;

	for (size_t i = 0; i < all->count; i++)
		n += (all->items[i].roles & roles) != 0;
	return n;
}

/* One more place in a list that holds hashes: the old one is wiped, so no realloc(). */
static enum err grow(struct accounts *all)
{
	struct account *items = calloc(all->count + 1, sizeof *items);

	if (items == NULL)
		return ERR_MEMORY;
	if (all->count > 0)
		memcpy(items, all->items, all->count * sizeof *items);
	if (all->items != NULL)
		seal_wipe(all->items, all->count * sizeof *items);
	free(all->items);
	all->items = items;
	return OK;
}

enum err accounts_put(struct accounts *all, const struct account *account)
{
	bool there;
	size_t at = place_of(all, account->name, &there);

	if (!there) {
		if (all->count >= ACCOUNTS_MAX)
			return ERR_FULL;
		enum err rc = grow(all);
		if (rc != OK)
			return rc;
		memmove(&all->items[at + 1], &all->items[at],
		    (all->count - at) * sizeof *all->items);
		all->count++;
	}
	all->items[at] = *account;
	return OK;
}

bool accounts_drop(struct accounts *all, const char *name)
{
	bool there;
	size_t at = place_of(all, name, &there);

	if (!there)
		return false;
	all->count--;
	memmove(
	    &all->items[at], &all->items[at + 1], (all->count - at) * sizeof *all->items);
	seal_wipe(&all->items[all->count], sizeof *all->items);
	return true;
}

void accounts_deinit(struct accounts *all)
{
	if (all->items != NULL)
		seal_wipe(all->items, all->count * sizeof *all->items);
	free(all->items);
	*all = (struct accounts){.house = all->house};
}
