/* quoted -- somebody else's words on a terminal: shown as they are, obeyed never. */
#ifndef LACHANCTL_QUOTED_H
#define LACHANCTL_QUOTED_H

#include <stdio.h>

#include "base/buf.h"

/* Appends `words` (UTF-8) with nothing in them that a terminal obeys: control characters, C1
 * ones too, become \xNN; what turns the direction of writing (Unicode UAX 9) is left out;
 * `line_end` stands for each line end. */
void quoted_append(struct buf *out, const char *words, const char *line_end);

/* On one line, between quotation marks, wrapped behind `mark`. */
void quoted_print(const char *mark, const char *words);

/* Paragraph by paragraph, each line behind `mark`. Nothing is cut. */
void quoted_print_text(FILE *to, const char *mark, const char *words);

#endif
