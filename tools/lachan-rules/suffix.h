/* suffix -- public suffixes under which anybody can register: no list may cover one. */
#ifndef LACHAN_RULES_SUFFIX_H
#define LACHAN_RULES_SUFFIX_H

#include "feed/feed.h"

/* Whether the rule's name is a public suffix of the registries ("edu.vn", "co.uk"). Those of
 * companies ("duckdns.org", "blogspot.com") may be listed: lists of dynamic DNS and free hosts
 * consist of them. An exception for a suffix harms nobody, unless it is everybody's. */
bool suffix_covers(const struct feed_rule *rule, bool of_allow_feed);

#endif
