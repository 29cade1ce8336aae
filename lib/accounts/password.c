#include "accounts/accounts.h"

#include <string.h>

#include <openssl/crypto.h>

#include "base/words.h"

enum {
	DIFFERENT_LEAST = 5, /* characters of a password that differ from each other */
	LEFT_LEAST = 8       /* characters beside the user's name */
};

/* What stands at the top of every list of stolen passwords that is long enough to pass for
 * one, with Vietnam's own; compared without regard to capitals. */
static const char *const WORST[] = {"0123456789", "0912345678", "0987654321", "1122334455",
    "1234567890", "12345678900", "12345678910", "123456789a", "1234567891", "1231231231",
    "123123123123", "1234512345", "147258369a", "1q2w3e4r5t", "1q2w3e4r5t6y", "a123456789",
    "a1234567890", "abc123456789", "abc1234567", "abcd123456", "abcdefghij",
    "administrator", "admin12345", "admin123456", "anhyeuem123", "changeme123",
    "emyeuanh123", "giaovien123", "giaovien1234", "hocsinh123", "hocsinh1234",
    "iloveyou123", "khongbiet123", "lachan1234", "lachan12345", "letmein123", "matkhau123",
    "matkhau1234", "matkhau12345", "matkhau123456", "p@ssw0rd123", "password12",
    "password123", "password1234", "password123!", "qazwsxedc123", "qwerty12345",
    "qwerty123456", "qwertyuiop", "thaygiao123", "cogiao1234", "thcs123456", "tieuhoc123",
    "truonghoc123", "vietnam123", "vietnam1234", "vietnam12345", "welcome123", "zxcvbnm123",
    "zaq12wsx34"};

/* Characters of UTF-8: every byte that does not continue one. */
static size_t count_characters(struct slice s)
{
	size_t n = 0;

	for (size_t i = 0; i < s.len; i++)
		n += (s.ptr[i] & 0xc0) != 0x80;
	return n;
}

static size_t count_different(struct slice s)
{
	bool seen[256] = {false};
	size_t n = 0;

	for (size_t i = 0; i < s.len; i++) {
		n += !seen[s.ptr[i]];
		seen[s.ptr[i]] = true;
	}
	return n;
}

/* "1234567890", "abcdefghijk", "9876543210": each character one step behind the other. */
static bool is_staircase(struct slice s)
{
	int step = s.len < 2 ? 0 : s.ptr[1] - s.ptr[0];

	if (step != 1 && step != -1)
		return false;
	for (size_t i = 2; i < s.len; i++)
		if (s.ptr[i] - s.ptr[i - 1] != step)
			return false;
	return true;
}

/* The name is in it, and not much else. */
static bool is_mostly(struct slice password, struct slice name)
{
	for (size_t i = 0; name.len <= password.len && i <= password.len - name.len; i++) {
		struct slice part = {password.ptr + i, name.len};
		if (slice_equal_nocase(part, name))
			return count_characters(password) - name.len < LEFT_LEAST;
	}
	return false;
}

static bool is_sound(struct slice password)
{
	for (size_t i = 0; i < password.len; i++)
		if (password.ptr[i] < 0x20 || password.ptr[i] == 0x7f)
			return false;
	return password.len <= ACCOUNT_PASSWORD_MAX;
}

const char *account_judge_password(struct slice password, const char *name)
{
	if (!is_sound(password))
		return N_(
		    "that password cannot be typed in a form: no tabs, and 256 bytes at "
		    "most");
	if (count_characters(password) < ACCOUNT_PASSWORD_CHARACTERS)
		return N_(
		    "that password is too short: take 10 characters or more; four words "
		    "that belong together for you alone are easy to keep");
	if (is_mostly(password, slice_of(name)))
		return N_("that password is the user's name, which is tried first: take "
		          "something that has nothing to do with it");
	if (count_different(password) < DIFFERENT_LEAST || is_staircase(password))
		return N_(
		    "that password is a pattern, which is tried first: take four words "
		    "that belong together for you alone");
	for (size_t i = 0; i < COUNT_OF(WORST); i++)
		if (slice_equal_nocase(password, slice_of(WORST[i])))
			return N_(
			    "many people have that password, so it is tried first: take "
			    "four words that belong together for you alone");
	return NULL;
}

enum err account_set_password(
    struct account *account, struct slice password, const uint8_t salt[ACCOUNT_SALT_BYTES])
{
	_Static_assert(
	    (int)ACCOUNT_HASH_BYTES == (int)SEAL_KEY_BYTES, "what seal_stretch() makes");
	uint8_t hash[ACCOUNT_HASH_BYTES];

	enum err rc = seal_stretch(
	    hash, password, (struct slice){salt, ACCOUNT_SALT_BYTES}, ACCOUNT_COST);
	if (rc == OK) {
		account->cost = ACCOUNT_COST;
		memcpy(account->salt, salt, ACCOUNT_SALT_BYTES);
		memcpy(account->hash, hash, sizeof hash);
	}
	seal_wipe(hash, sizeof hash);
	return rc;
}

/* Any account, the same for the same name: costs differ between old accounts and new ones,
 * and a single cost for unknown names would tell them from the others. */
static const struct account *stand_in(const struct accounts *all, const char *name)
{
	static const struct account nobody = {
	    .cost = {.log_n = 14, .r = 8, .p = 1}, .salt = "nobody has this"};
	uint32_t sum = 2166136261U;

	for (const char *c = name; *c != 0; c++)
		sum = (sum ^ (uint8_t)*c) * 16777619U;
	return all->count == 0 ? &nobody : &all->items[sum % all->count];
}

enum err accounts_check_password(
    const struct accounts *all, const char *name, struct slice password, bool *right)
{
	uint8_t hash[ACCOUNT_HASH_BYTES];
	const struct account *known = accounts_find(all, name);
	const struct account *a = known != NULL ? known : stand_in(all, name);

	enum err rc =
	    seal_stretch(hash, password, (struct slice){a->salt, sizeof a->salt}, a->cost);
	if (rc == OK) {
		bool same = CRYPTO_memcmp(hash, a->hash, sizeof hash) == 0;
		*right = same && known != NULL;
	}
	seal_wipe(hash, sizeof hash);
	return rc;
}
