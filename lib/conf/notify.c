/* Whom `notify` tells: the addresses as they stand in the file. */
#include "base/words.h"
#include "conf/internal.h"

enum {
	USER_BYTES_MAX = 200,
	ADDRESS_BYTES_MAX = 250
};

static const struct {
	const char *scheme;
	enum config_notify_kind kind;
	uint16_t port;
} SCHEMES[] = {
    {"smtp://", NOTIFY_SMTP, 25},
    {"smtps://", NOTIFY_SMTPS, 465},
    {"https://", NOTIFY_HTTPS, 443},
};

static const char *keep(struct schema_run *run, struct slice text)
{
	const char *copy = arena_text(run->arena, text);

	if (copy == NULL)
		run->no_memory = true;
	return copy;
}

static bool read_host(
    struct schema_run *run, struct slice text, struct config_notify_to *to)
{
	return value_read_host(run, text, &to->host, &to->port);
}

/* What follows "smtp://": [USER@]HOST[:PORT]. A user's name may hold an @ itself. */
static bool read_mail(struct schema_run *run, const char *rest, struct config_notify_to *to)
{
	const char *at = strrchr(rest, '@');

	to->user = "";
	if (at != NULL) {
		struct slice user = {(const uint8_t *)rest, (size_t)(at - rest)};
		if (user.len == 0 || user.len > USER_BYTES_MAX)
			return false;
		to->user = keep(run, user);
		rest = at + 1;
	}
	return to->user != NULL && read_host(run, slice_of(rest), to);
}

/* What follows "https://": HOST[:PORT][/PATH], kept as written for who sends it. */
static bool read_hook(struct schema_run *run, const char *rest, struct config_notify_to *to)
{
	size_t len = strcspn(rest, "/?#");

	to->user = "";
	return memchr(rest, '@', len) == NULL &&
	    read_host(run, (struct slice){(const uint8_t *)rest, len}, to);
}

static bool read_to(struct schema_run *run, const struct schema_row *row,
    const struct yaml_node *value, void *out)
{
	struct config_notify_to to = {
	    .kind = NOTIFY_COMMAND, .user = "", .host = "", .mark = value->mark};
	bool sound = false;

	const char *text = schema_scalar(run, row, value);
	if (text == NULL)
		return false;
	to.text = text;
	if (text[0] == '/')
		sound = text[1] != 0;
	for (size_t i = 0; i < COUNT_OF(SCHEMES); i++) {
		size_t len = strlen(SCHEMES[i].scheme);
		if (strncmp(text, SCHEMES[i].scheme, len) != 0)
			continue;
		to.kind = SCHEMES[i].kind;
		to.port = SCHEMES[i].port;
		sound = value_is_printable(text) &&
		    (to.kind == NOTIFY_HTTPS ? read_hook(run, text + len, &to)
		                             : read_mail(run, text + len, &to));
	}
	if (!sound) {
		schema_mistake(run, value->mark,
		    _("'%s' tells nobody (write smtp://HOST[:PORT], smtps://USER@HOST, "
		      "https://HOST/PATH, or /PATH/OF/A/COMMAND; a password or token belongs "
		      "into password_file)"),
		    text);
		return false;
	}
	memcpy(out, &to, sizeof to);
	return true;
}

const struct schema_type VALUE_NOTIFY_TO = {
    "smtp, smtps, https or command", read_to, sizeof(struct config_notify_to), false};

/* ---- what only the whole list can tell -------------------------------------------------- */

static bool is_mail(const struct config_notify_to *to)
{
	return to->kind == NOTIFY_SMTP || to->kind == NOTIFY_SMTPS;
}

static bool is_mail_address(const char *text)
{
	const char *at = strchr(text, '@');

	return value_is_printable(text) && strpbrk(text, "<>()[],;:\\\"") == NULL &&
	    at != NULL && at != text && at[1] != 0 && strchr(at + 1, '@') == NULL &&
	    strlen(text) <= ADDRESS_BYTES_MAX;
}

static void check_address(struct schema_run *run, const struct notify_keys *keys)
{
	const struct conf_text *address = keys->address;

	if (is_mail(keys->to) && address->text[0] == 0)
		schema_mistake(run, keys->to->mark,
		    _("'%s' wants an address beside it (write address: NAME@HOST)"),
		    keys->to->text);
	else if (is_mail(keys->to) && !is_mail_address(address->text))
		schema_mistake(run, address->mark,
		    _("'%s' is no e-mail address (write NAME@HOST)"), address->text);
	else if (!is_mail(keys->to) && address->text[0] != 0)
		schema_mistake(
		    run, address->mark, _("'address' is for mail (leave it out)"));
}

static void check_secret(struct schema_run *run, const struct notify_keys *keys)
{
	const struct config_notify_to *to = keys->to;
	const struct conf_text *secret = keys->password_file;

	if (is_mail(to) && to->user[0] != 0 && secret->text[0] == 0)
		schema_mistake(run, to->mark,
		    _("'%s' names a user (name the file with the password in password_file)"),
		    to->text);
	else if (is_mail(to) && to->user[0] == 0 && secret->text[0] != 0)
		schema_mistake(run, secret->mark,
		    _("a password wants a user (write %sUSER@%s)"),
		    to->kind == NOTIFY_SMTP ? "smtp://" : "smtps://", to->host);
	else if (to->kind == NOTIFY_COMMAND && secret->text[0] != 0)
		schema_mistake(run, secret->mark,
		    _("a command gets no password (leave password_file out)"));
	if (to->kind == NOTIFY_COMMAND && keys->ca_file->text[0] != 0)
		schema_mistake(run, keys->ca_file->mark,
		    _("'ca_file' is for mail and https (leave it out)"));
}

void notify_check_keys(struct schema_run *run, const struct notify_keys *keys)
{
	if (keys->to->text == NULL)
		return; /* its mistake is told */
	check_address(run, keys);
	check_secret(run, keys);
}

static void check_events(struct loader *l, const struct config_notify_target *target)
{
	const struct config_events *events = &target->events;
	unsigned seen = 0;

	for (size_t i = 0; i < events->count; i++) {
		unsigned bit = 1U << events->items[i];
		if ((seen & bit) != 0)
			schema_mistake(&l->run, events->mark,
			    _("'events' names something twice (keep one)"));
		seen |= bit;
	}
}

static bool is_same(
    const struct config_notify_target *a, const struct config_notify_target *b)
{
	return a->to.text != NULL && b->to.text != NULL &&
	    strcmp(a->to.text, b->to.text) == 0 &&
	    strcmp(a->address.text, b->address.text) == 0;
}

void notify_check(struct loader *l)
{
	const struct config_notify *all = &l->config->notify;

	for (size_t i = 0; i < all->count; i++) {
		const struct config_notify_target *target = &all->items[i];
		if (target->to.text == NULL)
			continue; /* its mistake is told */
		notify_check_keys(&l->run,
		    &(struct notify_keys){&target->to, &target->address,
		        &target->password_file, &target->ca_file});
		check_events(l, target);
		for (size_t j = 0; j < i; j++)
			if (is_same(&all->items[j], target))
				schema_mistake(&l->run, target->to.mark,
				    _("'%s' stands here twice (keep one)"),
				    target->to.text);
	}
}

enum err notify_make_paths_absolute(struct loader *l)
{
	struct config_notify *all = &l->config->notify;

	for (size_t i = 0; i < all->count; i++) {
		struct conf_text *const paths[] = {
		    &all->items[i].password_file, &all->items[i].ca_file};
		for (size_t p = 0; p < COUNT_OF(paths); p++) {
			paths[p]->text =
			    loader_absolute(l, l->bundle->folder, paths[p]->text);
			if (paths[p]->text == NULL)
				return ERR_MEMORY;
		}
	}
	return OK;
}
