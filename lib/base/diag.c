#include "base/diag.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/words.h"

static void set_text(struct diag *d, const char *format, va_list args) PRINTF_LIKE(2, 0);

static void set_text(struct diag *d, const char *format, va_list args)
{
	(void)vsnprintf(d->text, sizeof d->text, format, args);
}

void diag_set(struct diag *d, const char *format, ...)
{
	va_list args;

	if (d == NULL)
		return;
	memset(d, 0, sizeof *d);
	va_start(args, format);
	set_text(d, format, args);
	va_end(args);
}

void diags_deinit(struct diags *all)
{
	free(all->items);
	*all = DIAGS_NONE;
}

void diags_add(struct diags *all, const struct diag *one)
{
	if (one->level == DIAG_ERROR)
		all->errors++;
	if (all->count == all->capacity && all->count < DIAGS_MAX) {
		size_t capacity = all->capacity == 0 ? 8 : all->capacity * 2;
		struct diag *grown = reallocarray(all->items, capacity, sizeof *grown);
		if (grown != NULL) {
			all->items = grown;
			all->capacity = capacity;
		}
	}
	if (all->count < all->capacity && all->count < DIAGS_MAX)
		all->items[all->count++] = *one;
	else
		all->dropped++;
}

void diags_error(struct diags *all, const char *file, unsigned line, unsigned column,
    const char *format, ...)
{
	struct diag d = {.line = line, .column = column, .level = DIAG_ERROR};
	va_list args;

	(void)snprintf(d.file, sizeof d.file, "%s", file == NULL ? "" : file);
	va_start(args, format);
	set_text(&d, format, args);
	va_end(args);
	diags_add(all, &d);
}

void diag_format(char *out, size_t size, const struct diag *d)
{
	const char *level = d->level == DIAG_ERROR ? _("error") : _("warning");

	if (d->file[0] == 0)
		(void)snprintf(out, size, "%s: %s", level, d->text);
	else if (d->line == 0)
		(void)snprintf(out, size, "%s: %s: %s", d->file, level, d->text);
	else
		(void)snprintf(out, size, "%s:%u:%u: %s: %s", d->file, d->line, d->column,
		    level, d->text);
}

void diag_print(const struct diag *d, FILE *to)
{
	char line[DIAG_LINE_BYTES];

	diag_format(line, sizeof line, d);
	(void)fprintf(to, "%s\n", line);
}

void diags_print(const struct diags *all, FILE *to)
{
	for (size_t i = 0; i < all->count; i++)
		diag_print(&all->items[i], to);
	if (all->dropped > 0)
		(void)fprintf(to, _("... and %zu more\n"), all->dropped);
}

void diag_describe(char *out, size_t size, const struct diag *d)
{
	if (d->file[0] == 0)
		(void)snprintf(out, size, "%s", d->text);
	else if (d->line == 0)
		(void)snprintf(out, size, "%s: %s", d->file, d->text);
	else
		(void)snprintf(
		    out, size, "%s:%u:%u: %s", d->file, d->line, d->column, d->text);
}
