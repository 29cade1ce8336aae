/* sheet -- one form in one person's hands: what was typed, what is wrong with it, what came
 * of it. Between the two forms of a sign-in nothing is kept here: what the next step needs
 * travels hidden in the form.
 *
 *	            +--> CLOSED                  nobody answers, or there is no desk
 *	GET  -------+--> FILL                    pupils' forms
 *	            +--> SIGN_IN                 staff's
 *	POST --> checked --> asked of the desk --> DONE
 *	             |            |
 *	             +------------+------------> FILL or SIGN_IN, with what was typed
 *
 * Nothing typed is ever logged. Threads: one request, one thread. */
#ifndef PAGE_SHEET_H
#define PAGE_SHEET_H

#include <jansson.h>

#include "dns/name.h"
#include "net/addr.h"
#include "page/form.h"
#include "page/view.h"

enum {
	SHEET_MISTAKES_MAX = 8,
	SHEET_SESSION_BYTES = 128,
	SHEET_CODE_BYTES = 32,
	SHEET_NOTE_BYTES = 2048,
	SHEET_WORD_BYTES = 32,
	SHEET_DATE_BYTES = 16,
	SHEET_WAIT_MINUTES = 10, /* told where the desk does not say */
	/* What a person types, in letters; all of them together fit into a request. */
	SHEET_SITE_CHARS = 200,
	SHEET_SHORT_CHARS = 120,
	SHEET_LONG_CHARS = 500, /* of a reason; the desk takes no more */
	SHEET_TALE_CHARS = 1000 /* of what happened */
};

enum sheet_stage {
	SHEET_CLOSED,
	SHEET_SIGN_IN,
	SHEET_FILL,
	SHEET_DONE
};

/* Why the form is there again. */
enum sheet_trouble {
	SHEET_FINE,
	SHEET_STALE,    /* the form is too old, or was not made for this client */
	SHEET_MISTAKEN, /* see `mistakes` */
	SHEET_FAILED,
	SHEET_TOO_MANY,
	SHEET_TOO_LONG,
	SHEET_REFUSED, /* the form says why */
	SHEET_OPEN,    /* a review of what is open already */
	SHEET_SHUT,    /* nobody answers any more; what was typed stays to be read */
	SHEET_WRONG_PASSWORD,
	SHEET_NO_ROLE, /* signed in, and may not do this */
	SHEET_LOCKED,
	SHEET_EXPIRED, /* signed in too long ago */
	SHEET_SHARED,
	SHEET_IDENTITY, /* a quick report that seems to say who it was */
	SHEET_TROUBLES
};

struct sheet;

/* What one of the forms is. */
struct sheet_form {
	const char *path;
	const char
	    *section; /* of the texts; its `title` and `refused` are taken from there */
	bool staff;   /* signs in first; speaks to a grown-up whatever the device */
	/* Of staff's: the account needs one of these; NULL at the end. */
	const char *const *roles;
	bool (*holds)(struct standing standing, bool desk_is_there);
	/* Notes mistakes in what was sent; false when there are any. It may turn the sheet to
	 * another form instead (and return false). */
	bool (*check)(struct sheet *s, const struct occasion *o);
	/* What to ask the desk. NULL: no memory. */
	json_t *(*question)(const struct sheet *s, const struct occasion *o);
	/* The desk agreed. False when what it said makes no sense. */
	bool (*heard)(struct sheet *s, const json_t *answer);
	void (*write)(const struct sheet *s, struct view *v);      /* from the form on */
	void (*write_done)(const struct sheet *s, struct view *v); /* what came of it */
};

struct sheet_mistake {
	const char *field;
	const char *section, *key; /* of the line that tells it */
};

struct sheet {
	const struct sheet_form *form;
	enum sheet_stage stage;
	enum sheet_trouble trouble;
	unsigned minutes;  /* to wait, for some troubles; 0: not told */
	bool sent;         /* by POST */
	bool secure;       /* over TLS */
	bool ask_password; /* beside the other fields: the session has ended */
	struct form typed;
	const char *token; /* of the form that is written */
	char client[ADDR_TEXT_MAX];
	/* The name this is about, checked; "" when there is none yet. */
	char name[NAME_TEXT_MAX];
	bool name_kept; /* came with the page and is not shown to this tier */
	size_t mistake_count;
	struct sheet_mistake mistakes[SHEET_MISTAKES_MAX];
	char session[SHEET_SESSION_BYTES]; /* the desk's token of who has signed in */
	/* What the desk said. */
	char code[SHEET_CODE_BYTES];
	char kind[SHEET_WORD_BYTES], state[SHEET_WORD_BYTES];
	char note[SHEET_NOTE_BYTES];
	int64_t until_s;
};

/* The roles of who opens names. */
extern const char *const sheet_teachers[];

extern const struct sheet_form sheet_review, sheet_answer, sheet_report, sheet_open,
    sheet_staff, sheet_quick;

/* As typed, trimmed; empty, never NULL, when it was not sent. */
struct slice sheet_typed(const struct sheet *s, const char *name);
/* The pair that tells what is wrong with a field; NULL: nothing. */
const struct yaml_node *sheet_error(
    const struct sheet *s, const struct view *v, const char *field);
void sheet_note_mistake(
    struct sheet *s, const char *field, const char *section, const char *key);
/* Notes forms.missing when the field is empty. */
void sheet_need(struct sheet *s, const char *field);

/* Copies a text of the desk; "" when it is not there or too long. */
void sheet_copy(char *out, size_t size, const json_t *answer, const char *key);

/* A name as people type or paste it: with a scheme, a path, a port, letters of any language.
 * False when no public name is in it. */
bool sheet_read_site(struct name_buf *out, struct slice text);

/* The field in which a name is typed, or the hidden one. */
void sheet_write_site(const struct sheet *s, struct view *v, const struct yaml_node *label);

/* A day as browsers send it, "2026-11-22", or as people write it, "22/11/2026"; not in the
 * future and at most a year ago. *out is "2026-11-22". */
bool sheet_read_date(char out[SHEET_DATE_BYTES], struct slice text, int64_t now_s);

/* Who has signed in, hidden; and the fields of a sign-in where that has ended. */
void sheet_write_session(const struct sheet *s, struct view *v);
/* "user" and "password". */
void sheet_write_sign_in(const struct sheet *s, struct view *v);

/* The code of what was sent, to write down, and where its answer is read. */
void sheet_write_code(const struct sheet *s, struct view *v);
/* What everything to the desk begins with. */
const char *sheet_tier(const struct occasion *o);

/* A button that leads on. */
void sheet_write_link(struct view *v, const char *path, const struct yaml_node *label);

#endif
