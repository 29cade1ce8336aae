/* teaching -- what a teacher may do from the warning page: open a name for a room, and make
 * this device staff's until the evening.
 *
 *	open {"token","client","name","group","reason"}  ->  {"until_s"}
 *	                              why: expired | refused | wrong | failed
 *	staff {"token","client","end":bool}              ->  {"until_s"}
 *	                              why: expired | refused | shared | failed
 *
 * Both are the filter's to decide and to carry out; an account with the role teacher or admin
 * is what the desk adds. `refused` has the filter's sentence: nobody opens what is locked,
 * sensitive or dangerous. An address that several people share never becomes staff's. The
 * record names the account, the name and the group, and never a device. */
#ifndef DESK_TEACHING_H
#define DESK_TEACHING_H

#include "desk/part.h"

extern const struct part teaching_part;

#endif
