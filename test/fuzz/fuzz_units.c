/* Whatever table of units somebody imports: it is refused with places, or its plan holds what the
 * store needs: known identifiers, days in order, no unit below itself. */
#include <stdlib.h>
#include <string.h>

#include "district/notify_state.h"
#include "district/units_plan.h"

#define HOLDS(condition)          \
	do {                      \
		if (!(condition)) \
			abort();  \
	} while (0)

enum {
	TEXT_MAX = 1 << 20
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_step(const struct unit_step *s)
{
	HOLDS(s->changes != 0 && s->changes < UNIT_CHANGE_BIT(UNIT_CHANGES));
	HOLDS(unit_id_is_sound(slice_of(s->after.unit)));
	HOLDS(s->after.parent[0] == 0 || unit_id_is_sound(slice_of(s->after.parent)));
	HOLDS(strcmp(s->after.parent, s->after.unit) != 0);
	HOLDS(s->after.name[0] != 0 && strlen(s->after.name) <= STORE_TEXT_BYTES);
	HOLDS(s->after.from >= DAY_FIRST && s->after.from <= DAY_FOREVER);
	HOLDS(s->after.pupils <= UNIT_PUPILS_MAX);
	if (s->end != DAY_NONE) {
		HOLDS(s->end > s->after.from);
		HOLDS(s->successor[0] == 0 || unit_id_is_sound(slice_of(s->successor)));
		HOLDS(strcmp(s->successor, s->after.unit) != 0);
	}
}

static void plan(struct units_table *table, struct diags *mistakes)
{
	static const struct unit some[] = {{.unit = "a",
	                                       .from = DAY_FIRST,
	                                       .until = 20000,
	                                       .name = "A",
	                                       .level = "",
	                                       .code = "",
	                                       .parent = "so",
	                                       .kinds = "",
	                                       .contact = "",
	                                       .successor = "b"},
	    {.unit = "b",
	        .from = DAY_FIRST,
	        .until = 15000,
	        .name = "B",
	        .level = "",
	        .code = "",
	        .parent = "so",
	        .kinds = "primary",
	        .contact = "",
	        .successor = ""},
	    {.unit = "b",
	        .from = 15000,
	        .until = DAY_FOREVER,
	        .name = "B2",
	        .level = "",
	        .code = "",
	        .parent = "",
	        .kinds = "",
	        .contact = "",
	        .successor = ""},
	    {.unit = "so",
	        .from = DAY_FIRST,
	        .until = DAY_FOREVER,
	        .name = "So",
	        .level = "",
	        .code = "",
	        .parent = "",
	        .kinds = "",
	        .contact = "",
	        .successor = ""}};
	const struct units_known known = {some, sizeof some / sizeof some[0]};
	struct units_plan made;
	size_t before = mistakes->errors;

	enum err rc = units_plan_make(&made, table, &known, 20779, mistakes);
	HOLDS((rc == OK) == (mistakes->errors == before));
	for (size_t i = 0; rc == OK && i < made.count; i++)
		check_step(&made.items[i]);
	units_plan_deinit(&made);
}

/* The other small text of the administration. */
static void read_note(struct slice text)
{
	struct buf again = BUF_INIT(NOTIFY_STATE_MAX);
	struct notify_state state;

	if (!notify_state_read(text, &state))
		return;
	notify_state_write(&again, &state);
	HOLDS(slice_equal(buf_slice(&again), text));
	buf_deinit(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct diags mistakes = DIAGS_NONE;
	struct arena memory = ARENA_INIT(8 << 20);
	struct buf text = BUF_INIT(TEXT_MAX);
	struct units_table table;

	read_note((struct slice){data, size});
	buf_append(&text, (struct slice){data, size});
	if (buf_status(&text) == OK) {
		enum err rc = units_table_read(&table, &text, "u.csv", &memory, &mistakes);
		HOLDS((rc == OK) == (mistakes.errors == 0));
		for (size_t i = 0; i < mistakes.count; i++)
			HOLDS(mistakes.items[i].line > 0 && mistakes.items[i].column > 0);
		if (rc == OK)
			plan(&table, &mistakes);
		units_table_deinit(&table);
	}
	buf_deinit(&text);
	arena_deinit(&memory);
	diags_deinit(&mistakes);
	return 0;
}
