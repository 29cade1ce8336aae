/* texts_check -- what rules/pages.yaml promises, held against every line of it. */
#ifndef PAGE_TEXTS_CHECK_H
#define PAGE_TEXTS_CHECK_H

#include "conf/yaml_tree.h"

/* OK, or ERR_CONFIG with every mistake in `all`:
 *  - each pair has vi and en, with the same placeholders, all of them declared,
 *    and no brace but theirs;
 *  - every letter is whole (Unicode NFC);
 *  - no sentence that the youngest read is longer than rules.reading_level says;
 *  - no line that names 111, 113 or 115 holds a placeholder (rules.hotline_lines);
 *  - no line holds a phrase of rules.never_say;
 *  - `needs` and `unless` name what exists, and each button leads somewhere;
 *  - each tier has a page for every category, each page a title, a heading and a body. */
MUST_CHECK enum err texts_check(const struct yaml_node *root, struct diags *all);

#endif
