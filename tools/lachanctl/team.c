#include "lachanctl/team.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/words.h"
#include "lachanctl/secret.h"

enum {
	CONTEXT_BYTES = 24,
	REPLY_MAX_BYTES = 4000
};

static const char *text(const json_t *object, const char *key)
{
	const char *value = json_string_value(json_object_get(object, key));

	return value != NULL ? value : "";
}

/* ---- signing in ---- */

static enum ctl_status unlock(struct team *team, const struct secret *password)
{
	uint8_t wrapped[SEAL_WRAPPED_BYTES];
	struct seal_public public;
	json_t *reply;

	enum ctl_status status = team_ask(team, "report-key", NULL, &reply);
	if (status != CTL_DONE)
		return status;
	enum err rc = seal_from_hex(wrapped, sizeof wrapped, text(reply, "wrapped"))
	    ? seal_unwrap(&team->secret, &public, wrapped, secret_slice(password))
	    : ERR_FORMAT;
	(void)snprintf(team->me, sizeof team->me, "%s", text(reply, "me"));
	team->members = json_incref(json_object_get(reply, "team"));
	json_decref(reply);
	if (rc == OK)
		return CTL_DONE;
	return ctl_fail(team->ctl, CTL_FAILED, "%s",
	    rc == ERR_DENIED
	        ? _("your key does not open with this password: it was damaged, or the "
	            "password was changed by other means (another counsellor can share the "
	            "cases with a new account of yours)")
	        : err_text(rc));
}

static enum ctl_status sign_in(
    struct team *team, const struct secret *name, const struct secret *password)
{
	struct ctl *c = team->ctl;
	json_t *reply;

	enum ctl_status status = ctl_ask(c, c->desk_path, "sign-in",
	    json_pack("{s:s%,s:s%}", "user", name->text, name->len, "password",
	        password->text, password->len),
	    &reply);
	if (status != CTL_DONE)
		return status;
	(void)snprintf(team->token, sizeof team->token, "%s", text(reply, "token"));
	json_decref(reply);
	return unlock(team, password);
}

/* --user NAME */
static enum ctl_status name_given(const struct ctl *c, struct secret *out)
{
	int n = snprintf(out->text, sizeof out->text, "%s", c->user);

	if (n < 0 || (size_t)n >= sizeof out->text)
		return ctl_fail(c, CTL_USAGE, "--user: %s", err_text(ERR_RANGE));
	out->len = (size_t)n;
	return CTL_DONE;
}

enum ctl_status team_begin(struct team *team, struct ctl *c)
{
	struct secret name = SECRET_NONE, password = SECRET_NONE;

	*team = (struct team){.ctl = c};
	enum ctl_status status = c->user != NULL
	    ? name_given(c, &name)
	    : secret_ask_openly(c, _("Your account name"), &name);
	if (status == CTL_DONE)
		status = secret_ask(c, _("Your password"), &password);
	if (status == CTL_DONE)
		status = sign_in(team, &name, &password);
	secret_wipe(&password);
	secret_wipe(&name);
	return status;
}

void team_end(struct team *team)
{
	json_decref(team->members);
	seal_wipe(team, sizeof *team);
}

enum ctl_status team_ask(
    struct team *team, const char *command, json_t *arguments, json_t **reply)
{
	json_t *all = arguments == NULL ? json_object() : arguments;

	(void)json_object_set_new(all, "token", json_string(team->token));
	return ctl_ask(team->ctl, team->ctl->desk_path, command, all, reply);
}

/* ---- opening ---- */

/* The bytes of a hexadecimal text; empty when it is none. */
static void read_hex(struct buf *out, const char *hex)
{
	size_t size = strlen(hex) / 2;
	uint8_t *bytes = size == 0 || size > SEAL_FILE_MAX ? NULL : malloc(size);

	if (bytes != NULL && seal_from_hex(bytes, size, hex))
		buf_append(out, (struct slice){bytes, size});
	free(bytes);
}

static uint32_t id_of(const json_t *object)
{
	return (uint32_t)json_integer_value(json_object_get(object, "id"));
}

static struct slice context_of(char out[CONTEXT_BYTES], const char *what, uint32_t id)
{
	(void)snprintf(out, CONTEXT_BYTES, "%s %u", what, (unsigned)id);
	return slice_of(out);
}

/* The words inside, an object of the caller's; NULL when they are not for us. */
static json_t *open_words(
    const struct team *team, uint32_t id, enum seal_purpose purpose, const char *hex)
{
	struct buf sealed = BUF_INIT(SEAL_FILE_MAX);
	struct seal_text *opened = calloc(1, sizeof *opened);
	char context[CONTEXT_BYTES];
	json_t *words = NULL;
	struct seal_opener opener = {.purpose = purpose,
	    .context = context_of(context, purpose == SEAL_REPORT ? "case" : "reply", id),
	    .secret = &team->secret};

	read_hex(&sealed, hex);
	if (opened != NULL && seal_open(opened, buf_slice(&sealed), &opener) == OK)
		words = json_loadb((const char *)opened->bytes, opened->len, 0, NULL);
	if (opened != NULL)
		seal_wipe(opened, sizeof *opened);
	free(opened);
	buf_deinit(&sealed);
	return words;
}

void team_open(const struct team *team, const json_t *object, struct team_case *out)
{
	uint32_t id = id_of(object);
	json_t *words = open_words(team, id, SEAL_REPORT, text(object, "sealed"));
	json_t *answer = open_words(team, id, SEAL_REPLY, text(object, "reply"));

	*out = (struct team_case){.id = id,
	    .day = text(object, "day"),
	    .state = text(object, "state"),
	    .changed = text(object, "changed"),
	    .owner = text(object, "owner"),
	    .reply_day = text(object, "reply_day"),
	    .readable = words != NULL,
	    .reply_readable = answer != NULL,
	    .kind = text(words, "kind"),
	    .tier = text(words, "tier"),
	    .where = text(words, "where"),
	    .what = text(words, "what"),
	    .contact = text(words, "contact"),
	    .reply = text(answer, "text"),
	    .reply_by = text(answer, "by"),
	    .words = words,
	    .answer = answer};
}

void team_case_deinit(struct team_case *one)
{
	json_decref(one->words);
	json_decref(one->answer);
	*one = (struct team_case){.words = NULL};
}

/* ---- the team's keys ---- */

static bool member_key(const json_t *member, struct seal_public *out)
{
	return seal_from_hex(out->bytes, sizeof out->bytes, text(member, "key"));
}

static const char *name_of_id(const struct team *team, const uint8_t *key_id)
{
	const json_t *member;
	size_t i;

	json_array_foreach(team->members, i, member)
	{
		struct seal_public public;
		uint8_t id[SEAL_KEY_ID_BYTES];
		if (member_key(member, &public) && seal_key_id(id, &public) == OK &&
		    memcmp(id, key_id, sizeof id) == 0)
			return text(member, "name");
	}
	return "?";
}

json_t *team_readers(const struct team *team, const json_t *object)
{
	struct buf sealed = BUF_INIT(SEAL_FILE_MAX);
	struct seal_view view;
	json_t *names = json_array();

	read_hex(&sealed, text(object, "sealed"));
	if (seal_look(&view, buf_slice(&sealed)) == OK) {
		for (size_t i = 0; i < view.recipients; i++)
			(void)json_array_append_new(names,
			    json_string(name_of_id(team, seal_recipient(&view, i).ptr)));
	}
	buf_deinit(&sealed);
	return names;
}

/* ---- sealing ---- */

static enum err fill_random(uint8_t *out, size_t size)
{
	while (size > 0) {
		ssize_t n = getrandom(out, size, 0);
		if (n <= 0)
			return ERR_IO;
		out += n;
		size -= (size_t)n;
	}
	return OK;
}

/* {"id","sealed"}; NULL without memory. */
static json_t *sealed_to_json(uint32_t id, const struct buf *sealed)
{
	char *hex = malloc(2 * sealed->len + 1);
	json_t *object = NULL;

	if (hex != NULL) {
		seal_to_hex(hex, buf_slice(sealed));
		object = json_pack("{s:I,s:s}", "id", (json_int_t)id, "sealed", hex);
	}
	free(hex);
	return object;
}

/* The code's key first, then the team's. */
static size_t reply_recipients(const struct team *team, const json_t *object,
    struct seal_public out[SEAL_RECIPIENTS_MAX])
{
	const json_t *member;
	size_t count = 0, i;

	if (!seal_from_hex(out[0].bytes, sizeof out[0].bytes, text(object, "reply_key")))
		return 0;
	count++;
	json_array_foreach(team->members, i, member)
	{
		if (count < SEAL_RECIPIENTS_MAX && member_key(member, &out[count]))
			count++;
	}
	return count;
}

json_t *team_seal_reply(const struct team *team, const json_t *object, const char *words)
{
	uint8_t random[SEAL_RANDOM_BYTES(SEAL_RECIPIENTS_MAX)];
	struct seal_public to[SEAL_RECIPIENTS_MAX];
	struct buf sealed = BUF_INIT(SEAL_FILE_MAX);
	char context[CONTEXT_BYTES];
	json_t *result = NULL;
	json_t *inside =
	    json_pack("{s:i,s:s,s:s}", "version", 1, "text", words, "by", team->me);
	char *plain = inside == NULL ? NULL : json_dumps(inside, JSON_COMPACT);
	struct seal_request request = {.purpose = SEAL_REPLY,
	    .context = context_of(context, "reply", id_of(object)),
	    .to = to,
	    .to_count = reply_recipients(team, object, to),
	    .random = random};

	enum err rc = fill_random(random, sizeof random);
	if (rc == OK && plain == NULL)
		rc = ERR_FORMAT; /* not UTF-8 */
	if (rc == OK && strlen(words) > REPLY_MAX_BYTES)
		rc = ERR_RANGE;
	if (rc == OK) {
		request.text = slice_of(plain);
		rc = seal_message(&sealed, &request);
	}
	if (rc == OK)
		result = sealed_to_json(id_of(object), &sealed);
	else
		(void)ctl_fail(team->ctl, CTL_FAILED, _("the reply cannot be sealed: %s"),
		    _(err_text(rc)));
	free(plain);
	json_decref(inside);
	buf_deinit(&sealed);
	seal_wipe(random, sizeof random);
	return result;
}

json_t *team_share(const struct team *team, const json_t *object, size_t *added)
{
	struct buf sealed = BUF_INIT(SEAL_FILE_MAX);
	char context[CONTEXT_BYTES];
	struct seal_opener opener = {.purpose = SEAL_REPORT,
	    .context = context_of(context, "case", id_of(object)),
	    .secret = &team->secret};
	const json_t *member;
	enum err rc = OK;
	size_t i;

	*added = 0;
	read_hex(&sealed, text(object, "sealed"));
	json_array_foreach(team->members, i, member)
	{
		struct buf more = BUF_INIT(SEAL_FILE_MAX);
		uint8_t random[SEAL_KEY_BYTES];
		struct seal_public public;
		if (rc != OK || !member_key(member, &public))
			continue;
		rc = fill_random(random, sizeof random);
		if (rc == OK)
			rc =
			    seal_share(&more, buf_slice(&sealed), &opener, &public, random);
		if (rc == OK) {
			buf_deinit(&sealed);
			sealed = more;
			++*added;
		} else {
			buf_deinit(&more);
			rc = rc == ERR_EXISTS ? OK : rc;
		}
	}
	json_t *result = rc == OK ? sealed_to_json(id_of(object), &sealed) : NULL;
	if (result == NULL)
		(void)ctl_fail(team->ctl, CTL_FAILED, _("the case cannot be shared: %s"),
		    _(err_text(rc)));
	buf_deinit(&sealed);
	return result;
}
