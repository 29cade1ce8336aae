/* bundle_words -- a department's bundle in one line, for `status` and `feeds`. */
#ifndef LACHANCTL_BUNDLE_WORDS_H
#define LACHANCTL_BUNDLE_WORDS_H

#include <jansson.h>
#include <stddef.h>

/* `bundle` is an object of kit/department.h; in the language in use, cut at `size`. */
void say_bundle_line(char *out, size_t size, const json_t *bundle);

#endif
