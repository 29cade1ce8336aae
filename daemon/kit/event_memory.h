/* event_memory -- libevent's buffers hold what people type: passwords, what happened to a child.
 * From here on what libevent frees is wiped first. Before its first use, one thread. */
#ifndef KIT_EVENT_MEMORY_H
#define KIT_EVENT_MEMORY_H

void event_memory_wipe(void);

#endif
