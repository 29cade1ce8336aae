/* dispatch -- both sockets, and from a command's word to the part that answers it. */
#ifndef DESK_DISPATCH_H
#define DESK_DISPATCH_H

#include "desk/desk.h"

/* Opens every part, then run_dir/forms.sock and run_dir/desk.sock. */
MUST_CHECK enum err dispatch_open(struct desk *desk, struct diag *why);
void dispatch_close(struct desk *desk);
void dispatch_use_config(struct desk *desk);
void dispatch_second(struct desk *desk);

/* Whether a part that could be opened answers this command. */
bool dispatch_knows(const struct desk *desk, enum desk_socket socket, const char *command);

#endif
