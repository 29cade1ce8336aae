#include "lachanctl/bundle_words.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/words.h"
#include "kit/translate.h"
#include "lachanctl/say.h"

static const char *text(const json_t *object, const char *key)
{
	const char *value = json_string_value(json_object_get(object, key));

	return value != NULL ? value : "";
}

static void say_absent(char *out, size_t size, const json_t *bundle)
{
	char why[TRANSLATE_TEXT_BYTES];

	translate_text(why, sizeof why, text(bundle, "why"));
	if (why[0] == 0)
		(void)snprintf(out, size, "%s", _("not here yet"));
	else
		(void)snprintf(out, size, _("NOT IN FORCE: %s"), why);
}

void say_bundle_line(char *out, size_t size, const json_t *bundle)
{
	long long serial = (long long)json_integer_value(json_object_get(bundle, "serial"));
	char age[SAY_BYTES], expires[SAY_BYTES];
	int64_t now_s = (int64_t)time(NULL), created_s = now_s;

	if (json_is_false(json_object_get(bundle, "in_force"))) {
		say_absent(out, size, bundle);
		return;
	}
	(void)say_parse_time(text(bundle, "created"), &created_s);
	say_duration(age, now_s > created_s ? now_s - created_s : 0);
	say_time(expires, text(bundle, "expires"), now_s);
	(void)snprintf(out, size,
	    json_is_true(json_object_get(bundle, "expired"))
	        ? _("%s, serial %lld, %s old, EXPIRED since %s (it stays in force)")
	        : _("%s, serial %lld, %s old, valid until %s"),
	    text(bundle, "name"), serial, age, expires);
}
