/* The body of a form: what is accepted must lie inside the form, be text, and be told apart. */
#include <stdlib.h>

#include "page/form.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Not assert(), which a release build leaves out. */
static void hold(bool condition)
{
	if (!condition)
		abort();
}

static void check_field(const struct form *form, const struct form_field *field)
{
	const struct slice value = field->value;

	hold(field->name.len > 0 && field->name.len <= FORM_NAME_MAX);
	hold(value.ptr != NULL && value.ptr >= form->bytes);
	hold((size_t)(value.ptr - form->bytes) + value.len <= sizeof form->bytes);
	for (size_t i = 0; i < value.len; i++)
		hold(
		    (value.ptr[i] >= 0x20 || value.ptr[i] == '\n') && value.ptr[i] != 0x7f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct form form;

	if (form_parse(&form, (struct slice){data, size}) != OK) {
		hold(form.count == 0);
		return 0;
	}
	hold(form.count <= FORM_FIELDS_MAX);
	for (size_t i = 0; i < form.count; i++) {
		check_field(&form, &form.fields[i]);
		for (size_t j = 0; j < i; j++)
			hold(!slice_equal(form.fields[i].name, form.fields[j].name));
	}
	return 0;
}
