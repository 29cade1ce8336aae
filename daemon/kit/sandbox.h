/* sandbox -- gives up what a child does not need, once its sockets are open.
 *
 * Call it before the first thread: Linux changes credentials thread by thread. */
#ifndef KIT_SANDBOX_H
#define KIT_SANDBOX_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/diag.h"
#include "base/err.h"

struct sandbox_user {
	uid_t uid;
	gid_t gid;
};

/* Looks up `name`; "" is whoever we are. ERR_NOT_FOUND with a sentence that says how the
 * user is made. */
MUST_CHECK enum err sandbox_find_user(
    const char *name, struct sandbox_user *out, struct diag *why);

/* As root: becomes `user` (server.user; "" = stay) with its groups. Always: empty
 * capability sets, no_new_privs, no core files, memory that nobody but root may read, and the signal at the parent's death
 * renewed, which a change of credentials clears. Started without root nothing is left to
 * drop, so `user` is not looked at. On failure the process may stand between two worlds:
 * it must exit. ERR_NOT_FOUND: no such user; ERR_DENIED: the kernel refused. */
MUST_CHECK enum err sandbox_enter(const char *user, struct diag *why);

/* For the supervisor, once its sockets are open: keeps only what starting, ending and
 * reloading children takes (SETUID, SETGID, SETPCAP, KILL, DAC_OVERRIDE), in the bounding
 * set too, and sets no_new_privs. Without root it keeps nothing: the one capability that a
 * service manager lent us for the ports goes. ERR_DENIED. */
MUST_CHECK enum err sandbox_keep_for_children(struct diag *why);

/* SIGTERM for us when the parent dies. True when it is still alive. Only children of the
 * supervisor call it (startup.h does). */
bool sandbox_die_with_parent(void);

/* Makes the folder `path` with this mode and owner unless it is there; the one above must
 * exist. What is there is never changed: when it is another's (as root: not `user`'s, else:
 * not writable for us) or others may write in it, ERR_DENIED and *why says what to do.
 * ERR_IO for anything else. */
MUST_CHECK enum err sandbox_make_folder(
    const char *path, mode_t mode, struct sandbox_user user, struct diag *why);

#endif
