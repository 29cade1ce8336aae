#include "district/web_cookie.h"

#include <stdio.h>
#include <string.h>

#include "district/web_people.h"

static const char *name_of(const struct call *c)
{
	return c->tls ? "__Host-lachan" : "lachan";
}

const char *web_cookie(struct call *c)
{
	const char *value = call_cookie(c, name_of(c));

	return web_session_is_sound(value) ? value : "";
}

const char *web_cookie_ensure(struct call *c)
{
	char fresh[WEB_SESSION_TEXT_BYTES];
	const char *value = web_cookie(c);

	if (*value != 0)
		return value;
	if (web_people_stranger(fresh) != OK)
		return "";
	web_cookie_set(c, fresh);
	value = arena_text(c->memory, slice_of(fresh));
	return value == NULL ? "" : value;
}

static void set(struct call *c, const char *name, const char *value, const char *more)
{
	char line[256];

	(void)snprintf(line, sizeof line, "%s=%s; Path=/; HttpOnly; SameSite=Strict%s%s",
	    name, value, c->tls ? "; Secure" : "", more);
	call_set_header(c, "Set-Cookie", line);
}

void web_cookie_set(struct call *c, const char *value)
{
	set(c, name_of(c), value, "");
}

void web_cookie_drop(struct call *c)
{
	set(c, name_of(c), "", "; Max-Age=0");
}

void web_cookie_set_language(struct call *c, enum language language)
{
	set(c, WEB_COOKIE_LANGUAGE, language_code(language), "; Max-Age=31536000");
}
