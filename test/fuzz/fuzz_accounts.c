/* Whatever the file of users holds: what is accepted is exactly what would be written. */
#include <stdlib.h>

#include "accounts/accounts.h"

#define HOLDS(condition)          \
	do {                      \
		if (!(condition)) \
			abort();  \
	} while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_account(const struct account *a, enum account_house house)
{
	HOLDS(account_name_is_sound(slice_of(a->name)));
	HOLDS(a->roles != 0 && (a->roles & ~account_house_roles(house)) == 0);
	HOLDS(a->has_key == ((a->roles & ACCOUNT_BIT(ACCOUNT_COUNSELLOR)) != 0));
	HOLDS(
	    a->cost.log_n >= 1 && a->cost.log_n <= 17 && a->cost.r >= 1 && a->cost.p >= 1);
}

static void read_as(enum account_house house, struct slice text)
{
	struct accounts all = ACCOUNTS_NONE;
	struct buf again = BUF_INIT(1 << 20);
	struct diag why = {.text = ""};

	if (accounts_read(&all, house, text, "users", &why) != OK) {
		HOLDS(all.items == NULL && why.line > 0 && why.column > 0);
		return;
	}
	for (size_t i = 0; i < all.count; i++) {
		check_account(&all.items[i], house);
		HOLDS(accounts_find(&all, all.items[i].name) == &all.items[i]);
	}
	accounts_write(&again, &all);
	HOLDS(slice_equal(buf_slice(&again), text));
	buf_deinit(&again);
	accounts_deinit(&all);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	read_as(ACCOUNT_HOUSE_SCHOOL, (struct slice){data, size});
	read_as(ACCOUNT_HOUSE_DEPARTMENT, (struct slice){data, size});
	return 0;
}
