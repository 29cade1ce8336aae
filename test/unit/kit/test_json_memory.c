/* Values come whole even when malloc() has nothing left, and the reserve is whole again after. */
#include <malloc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "kit/json_memory.h"

static const char TEXT[] =
    "{\"command\":\"allow\",\"name\":\"a.example\",\"list\":[1,2.5,null,true]}";

static bool malloc_fails;

void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);

/* In place of malloc() in this program (CMakeLists.txt: --wrap). */
void *__wrap_malloc(size_t size)
{
	return malloc_fails ? NULL : __real_malloc(size);
}

static const char SECRET[] = "bon tu chi minh em biet";
static bool secret_stayed;

void __real_free(void *block);
void __wrap_free(void *block);

/* In place of free() in this program (CMakeLists.txt: --wrap). */
void __wrap_free(void *block)
{
	if (block != NULL &&
	    memmem(block, malloc_usable_size(block), SECRET, sizeof SECRET - 1) != NULL)
		secret_stayed = true;
	__real_free(block);
}

static void make_and_give_back(void)
{
	json_t *value = json_loads(TEXT, 0, NULL);
	assert_non_null(value);
	char *text = json_dumps(value, JSON_COMPACT);
	assert_string_equal(text, TEXT);
	json_memory_free(text);
	json_decref(value);
}

static void values_come_whole_without_memory(void **state)
{
	(void)state;
	malloc_fails = true;
	/* Far more than the reserve in all: it is whole again after each. */
	for (int i = 0; i < 1000; i++)
		make_and_give_back();
	malloc_fails = false;
	make_and_give_back();
}

static void memory_that_comes_and_goes_is_given_back_where_it_came_from(void **state)
{
	(void)state;
	json_t *list = json_array();
	assert_non_null(list);
	for (int i = 0; i < 300; i++) {
		malloc_fails = i % 3 == 0;
		assert_int_equal(json_array_append_new(list, json_string("x.example")), 0);
	}
	malloc_fails = false;
	json_decref(list);
}

static void what_is_larger_than_the_reserve_fails(void **state)
{
	json_malloc_t take;
	json_free_t give;

	(void)state;
	json_get_alloc_funcs(&take, &give);
	malloc_fails = true;
	assert_null(take(JSON_MEMORY_RESERVE_BYTES + 1));
	void *all = take(JSON_MEMORY_RESERVE_BYTES);
	assert_non_null(all);
	assert_null(take(1));
	give(all);
	malloc_fails = false;
	give(NULL);
}

static void what_is_given_back_is_wiped(void **state)
{
	(void)state;
	json_t *value = json_pack("{s:s}", "password", SECRET);
	assert_non_null(value);
	char *text = json_dumps(value, 0);
	json_t *again = json_loads(text, 0, NULL);
	assert_non_null(again);
	json_memory_free(text);
	json_decref(value);
	json_decref(again);
	assert_false(secret_stayed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(values_come_whole_without_memory),
	    cmocka_unit_test(memory_that_comes_and_goes_is_given_back_where_it_came_from),
	    cmocka_unit_test(what_is_given_back_is_wiped),
	    cmocka_unit_test(what_is_larger_than_the_reserve_fails),
	};

	json_memory_begin();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
