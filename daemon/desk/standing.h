/* standing -- which forms hold at this moment: who would answer was here not long ago. */
#ifndef DESK_STANDING_H
#define DESK_STANDING_H

#include "desk/part.h"

extern const struct part standing_part;

#endif
