#include "conf/confdoc_print.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	HELP_COLUMN = 40,
	INDENT_MAX = 64
};

static bool is_unbuilt(const struct schema_row *row)
{
	return (row->flags & SCHEMA_NOT_BUILT) != 0;
}

static const char *shown_value(const struct schema_row *row)
{
	if (row->sample != NULL)
		return row->sample;
	return row->otherwise != NULL ? row->otherwise : "\"\"";
}

/* ---- the sample ------------------------------------------------------------------------- */

static void print_help(const struct schema_row *row, size_t column)
{
	if (column < HELP_COLUMN)
		printf("%*s", (int)(HELP_COLUMN - column), "");
	printf(" # %s", row->help);
	for (size_t i = 0; row->type == &SCHEMA_ENUM && row->words[i] != NULL; i++)
		printf("%s%s", i > 0 ? " | " : ": ", row->words[i]);
	printf("%s\n", is_unbuilt(row) ? " (not built yet)" : "");
}

static size_t print_line(const char *indent, const char *name, const char *value)
{
	int n = printf("%s%s:%s%s", indent, name, value[0] == 0 ? "" : " ", value);
	return n > 0 ? (size_t)n : 0;
}

static void print_rows(const struct schema_row *rows, const char *indent);

static void print_plain_rows(const struct schema_row *rows, const char *indent)
{
	for (const struct schema_row *row = rows; row->name != NULL; row++)
		print_help(row, print_line(indent, row->name, shown_value(row)));
}

/* A list of maps: one item as a comment, so that the list itself stays as it is. Every line
 * begins with `indent`, which ends with the comment's sign and blanks. */
static void print_item(const struct schema_row *rows, const char *indent)
{
	char inner[INDENT_MAX];

	for (const struct schema_row *row = rows; row->name != NULL; row++) {
		(void)snprintf(
		    inner, sizeof inner, "%s%s", indent, row == rows ? "  - " : "    ");
		bool has_rows = row->rows != NULL;
		print_help(
		    row, print_line(inner, row->name, has_rows ? "" : shown_value(row)));
		(void)snprintf(inner, sizeof inner, "%s      ", indent);
		if (row->type == &SCHEMA_MAP)
			print_plain_rows(row->rows, inner);
		(void)snprintf(inner, sizeof inner, "%s    ", indent);
		if (has_rows && row->type != &SCHEMA_MAP)
			print_item(row->rows, inner);
	}
}

static void print_example(const char *lines, const char *indent)
{
	for (;;) {
		size_t len = strcspn(lines, "\n");
		printf("%s#  %.*s\n", indent, (int)len, lines);
		if (lines[len] == 0)
			return;
		lines += len + 1;
	}
}

static void print_rows(const struct schema_row *rows, const char *indent)
{
	char inner[INDENT_MAX];
	char comment[INDENT_MAX];

	(void)snprintf(inner, sizeof inner, "%s  ", indent);
	(void)snprintf(comment, sizeof comment, "%s#", indent);
	for (const struct schema_row *row = rows; row->name != NULL; row++) {
		if (row->type == &SCHEMA_MAP) {
			print_help(row, print_line(indent, row->name, ""));
			print_rows(row->rows, inner);
			continue;
		}
		print_help(row, print_line(indent, row->name, shown_value(row)));
		if (row->rows != NULL)
			print_item(row->rows, comment);
		if (row->example != NULL)
			print_example(row->example, indent);
	}
}

static void print_sample(const struct confdoc *doc)
{
	puts(doc->sample_head);
	for (const struct schema_row *row = doc->rows; row->name != NULL; row++) {
		const struct schema_row one[] = {*row, {.name = NULL}};
		putchar('\n');
		print_rows(one, "");
	}
}

/* ---- the manual ------------------------------------------------------------------------- */

/* "|" would end a cell. */
static void print_cell(const char *text)
{
	for (; *text != 0; text++)
		printf(*text == '|' ? "\\%c" : "%c", *text);
}

static void print_words(const struct schema_row *row)
{
	for (size_t i = 0; row->words[i] != NULL; i++)
		printf("%s`%s`", i > 0 ? ", " : "", row->words[i]);
}

static void print_type(const struct schema_row *row)
{
	char low[32];
	char high[32];
	const struct schema_type *type = row->type == &SCHEMA_LIST ? row->item : row->type;

	if (row->type == &SCHEMA_LIST)
		printf("list of ");
	if (type == &SCHEMA_ENUM) {
		print_words(row);
		return;
	}
	printf("%s", type == &SCHEMA_ANYTHING ? "" : type->word);
	if (row->words != NULL) {
		printf(" or ");
		print_words(row);
	}
	bool ranged =
	    type == &SCHEMA_NUMBER || type == &SCHEMA_DURATION || type == &SCHEMA_SIZE;
	if (!ranged || row->max == 0)
		return;
	schema_number_text(low, sizeof low, type, row->min);
	schema_number_text(high, sizeof high, type, row->max);
	printf(", %s to %s", low, high);
}

static void print_default(const struct schema_row *row)
{
	if (row->flags & SCHEMA_MANDATORY)
		printf("must be given");
	else if (row->otherwise != NULL)
		printf("`%s`", row->otherwise);
}

static void print_table(const struct schema_row *rows, const char *path)
{
	char inner[256];

	for (const struct schema_row *row = rows; row->name != NULL; row++) {
		bool is_map = row->type == &SCHEMA_MAP;
		(void)snprintf(inner, sizeof inner, "%s%s%s%s", path,
		    path[0] == 0 ? "" : ".", row->name,
		    row->rows != NULL && !is_map ? "[]" : "");
		printf("| `%s` | ", inner);
		if (!is_map)
			print_type(row);
		printf(" | ");
		if (!is_map)
			print_default(row);
		printf(" | ");
		print_cell(row->help);
		printf("%s |\n", is_unbuilt(row) ? " *(not built yet)*" : "");
		if (row->rows != NULL)
			print_table(row->rows, inner);
	}
}

static void print_manual(const struct confdoc *doc)
{
	(void)fputs(doc->manual_head, stdout);
	print_table(doc->rows, "");
	(void)fputs(doc->manual_tail, stdout);
}

int confdoc_main(const struct confdoc *doc, int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "sample") == 0) {
		print_sample(doc);
	} else if (argc == 2 && strcmp(argv[1], "manual") == 0) {
		print_manual(doc);
	} else {
		(void)fprintf(stderr, "usage: %s sample|manual\n", argv[0]);
		return 2;
	}
	return fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
