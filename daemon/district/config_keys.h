/* config_keys -- the table of district.yaml: every key, its type, range, default and help. */
#ifndef DISTRICT_CONFIG_KEYS_H
#define DISTRICT_CONFIG_KEYS_H

#include "conf/schema.h"

extern const struct schema_row DISTRICT_ROWS[];

#endif
