/* tell -- one target of `notify`: all that reaching it takes, gathered while we may, and a text
 * to it by mail, web address or command.
 *
 *	tell_open()   its files, with the rights of who started us
 *	tell_run()    a command, before the system calls are limited
 *	tell_reach()  its host's addresses, likewise
 *	tell_send()   mail or https, after
 *
 * Threads: none. */
#ifndef KIT_TELL_H
#define KIT_TELL_H

#include "base/buf.h"
#include "base/diag.h"
#include "kit/reach.h"
#include "kit/secret.h"

struct config_notify_to;

/* As configured; borrowed. `address` is a mail's receiver, "" for all else; files may be "". */
struct tell_target {
	const struct config_notify_to *to;
	const char *address;
	const char *password_file;
	const char *ca_file;
};

struct tell {
	struct tell_target target;
	char secret[SECRET_BYTES];
	struct buf anchor; /* PEM */
	struct reach reach;
};

#define TELL_NONE ((struct tell){.reach = REACH_NONE})

/* To be closed in any case. ERR_NOT_FOUND, ERR_DENIED, ERR_FORMAT, ERR_IO with *why: one of its
 * files cannot be read. */
MUST_CHECK enum err tell_open(
    struct tell *out, const struct tell_target *target, struct diag *why);
void tell_close(struct tell *t);

bool tell_is_command(const struct tell *t);
/* How it is called in a log: no more than scheme and host, or the command. */
void tell_name(char *out, size_t size, const struct tell *t);

/* `text` is lines of UTF-8; a mail's subject is the first. */
MUST_CHECK enum err tell_run(const struct tell *t, const char *text, struct diag *why);
MUST_CHECK enum err tell_reach(struct tell *t, struct diag *why);
MUST_CHECK enum err tell_send(
    const struct tell *t, const char *text, int64_t now_s, struct diag *why);

#endif
