/* accounts -- who may answer at this school, or sign in at this department: names, roles,
 * passwords as scrypt leaves them.
 *
 * The two houses have roles of their own (viewer is in both), and a file says in its first line
 * whose it is: one of the school opens no door of the department, nor the other way round.
 *
 * The file (0600) is text, a line an account, fields in this order with one space between:
 *
 *	lachan-users 1
 *	name=hoa roles=teacher made=2026-11-22 password=14:8:1:SALT:HASH
 *	name=mai roles=approver,counsellor made=2026-11-22 password=14:8:1:SALT:HASH key=PUBLIC:WRAPPED
 *
 * The department's begins with "lachan-district-users 1", and no line has a key.
 *
 * Capitals stand for lower-case hexadecimal. The cost of scrypt (RFC 7914; log2 N, r, p)
 * stands in each line, so that new passwords may cost more than old ones. A counsellor's pair
 * of keys has its private half wrapped under the same password with a salt of its own
 * (seal/seal.h); nobody else has one. Nothing is believed that accounts_write() would not
 * write: one damaged line, and the file opens no door at all.
 *
 * Random numbers and days are arguments. Threads: a struct accounts is the caller's. */
#ifndef ACCOUNTS_ACCOUNTS_H
#define ACCOUNTS_ACCOUNTS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/diag.h"
#include "base/err.h"
#include "seal/seal.h"

enum account_role {
	ACCOUNT_ADMIN,    /* runs the gateway */
	ACCOUNT_APPROVER, /* decides about rules, summaries, and other accounts that decide */
	ACCOUNT_COUNSELLOR,   /* reads reports of harm, alone */
	ACCOUNT_TEACHER,      /* opens a name for a room */
	ACCOUNT_VIEWER,       /* looks */
	ACCOUNT_SCHOOL_ROLES, /* how many a school has */

	/* The department's, who have viewers, too. */
	ACCOUNT_OPERATOR =
	    ACCOUNT_SCHOOL_ROLES, /* runs the collector: units, keys, answers */
	/* The recipients of a province: what each is shown is the web's
	 * to say. */
	ACCOUNT_EDUCATION,
	ACCOUNT_ICT,
	ACCOUNT_POLICE,
	ACCOUNT_CHILD_AFFAIRS,
	ACCOUNT_YOUTH_UNION,
	ACCOUNT_ROLES
};

/* Sets of roles. */
#define ACCOUNT_BIT(role) (1U << (unsigned)(role))

/* Whose accounts. */
enum account_house {
	ACCOUNT_HOUSE_SCHOOL,
	ACCOUNT_HOUSE_DEPARTMENT
};

enum {
	ACCOUNTS_MAX = 200,
	ACCOUNT_NAME_BYTES = 33, /* with the NUL */
	ACCOUNT_DAY_BYTES = 11,  /* "2026-11-22" and the NUL */
	ACCOUNT_ROLES_TEXT_BYTES = 128,
	ACCOUNT_SALT_BYTES = 16,
	ACCOUNT_HASH_BYTES = 32,
	ACCOUNT_PASSWORD_CHARACTERS = 10, /* at least */
	ACCOUNT_PASSWORD_MAX = 256,       /* bytes */
	ACCOUNTS_FILE_MAX = 256 << 10     /* bytes */
};

/* 16 MiB: a router with 64 MiB of memory survives a sign-in. */
#define ACCOUNT_COST ((struct seal_cost){.log_n = 14, .r = 8, .p = 1})

struct account {
	char name[ACCOUNT_NAME_BYTES];
	unsigned roles;               /* ACCOUNT_BIT()s; never none */
	char made[ACCOUNT_DAY_BYTES]; /* the day, for people */
	struct seal_cost cost;
	uint8_t salt[ACCOUNT_SALT_BYTES];
	uint8_t hash[ACCOUNT_HASH_BYTES];
	bool has_key; /* a counsellor's, always */
	struct seal_public key;
	uint8_t wrapped[SEAL_WRAPPED_BYTES];
};

/* By name, in order. Zero-initialise; the list owns its items. */
struct accounts {
	struct account *items;
	size_t count;
	enum account_house house;
};

#define ACCOUNTS_NONE ((struct accounts){.items = NULL}) /* a school's */

/* Wipes and frees. */
void accounts_deinit(struct accounts *all);

/* ---- words ---- */

const char *account_role_word(enum account_role role);
/* All that a house has. */
unsigned account_house_roles(enum account_house house);
/* "teacher,approver"; false leaves *out untouched. No role twice, none of another house, no
 * blanks. */
bool account_roles_of(enum account_house house, struct slice words, unsigned *out);
void account_roles_text(char out[ACCOUNT_ROLES_TEXT_BYTES], unsigned roles);

/* 2 to 32 of a-z 0-9 . _ - with a letter first. */
bool account_name_is_sound(struct slice name);
/* What a person typed (blanks around it, capitals) as a name; false when it is none. */
bool account_name_of(char out[ACCOUNT_NAME_BYTES], struct slice typed);

/* ---- the list ---- */

/* NULL when nobody has this name. Borrowed until the list changes. */
const struct account *accounts_find(const struct accounts *all, const char *name);
/* How many have one of these roles. */
size_t accounts_count(const struct accounts *all, unsigned roles);
/* Adds a copy, or replaces the one of this name. ERR_FULL, ERR_MEMORY. */
MUST_CHECK enum err accounts_put(struct accounts *all, const struct account *account);
/* False when nobody has this name. */
bool accounts_drop(struct accounts *all, const char *name);

/* ---- passwords ---- */

/* What is wrong with a new password, as a msgid for the person who chose it; NULL: nothing. */
const char *account_judge_password(struct slice password, const char *name);

/* Sets salt, hash and cost (ACCOUNT_COST) of `account`. ERR_MEMORY. */
MUST_CHECK enum err account_set_password(
    struct account *account, struct slice password, const uint8_t salt[ACCOUNT_SALT_BYTES]);

/* Whether it is `name`'s. For a name that nobody has it takes as long, and finds no password
 * right. ERR_MEMORY: not decided, so nobody is let in. */
MUST_CHECK enum err accounts_check_password(
    const struct accounts *all, const char *name, struct slice password, bool *right);

/* ---- the file ---- */

/* ERR_FORMAT with the place and what to do in *why (`file` is its name there), also for a file
 * of the other house; ERR_MEMORY; then *out is untouched. */
MUST_CHECK enum err accounts_read(struct accounts *out, enum account_house house,
    struct slice text, const char *file, struct diag *why);
/* Appends the whole file. */
void accounts_write(struct buf *out, const struct accounts *all);

/* The file at `path`. One that is not there holds nobody, and is OK. ERR_DENIED when others than its owner may
 * read or write it; ERR_IO; the rest as accounts_read(). */
MUST_CHECK enum err accounts_load(
    struct accounts *out, enum account_house house, const char *path, struct diag *why);

/* A change by one of several who may be at it: lock, read, change `all`, commit.
 * Whatever happens before the commit, the file is as it was. */
struct accounts_edit {
	struct accounts all;
	int lock_fd; /* of the folder; -1: not begun */
	const char *path;
};

#define ACCOUNTS_EDIT_NONE ((struct accounts_edit){.lock_fd = -1})

/* Waits for another's change to end. `path` is borrowed until accounts_end(). As
 * accounts_load(), and ERR_IO for the folder. */
MUST_CHECK enum err accounts_begin(struct accounts_edit *edit, enum account_house house,
    const char *path, struct diag *why);
/* Replaces the file at once, mode 0600, its owner that of the folder. ERR_IO, ERR_MEMORY,
 * with *why. */
MUST_CHECK enum err accounts_commit(struct accounts_edit *edit, struct diag *why);
void accounts_end(struct accounts_edit *edit);

#endif
