#include "filter/sources.h"

#include <stdlib.h>

#include "base/attr.h"

enum {
	SYSTEMS_MIN = 3,
	FORWARDS_MIN = 3, /* a curious person with dig is no forwarder */
	VOLUME_MIN = 20000
};

struct source {
	struct addr address;
	uint32_t samples;
	uint32_t forwards;
	uint8_t systems; /* bit i: enum system */
};

struct sources {
	uint64_t samples;
	uint64_t forwarded;
	size_t count;
	struct source items[SOURCES_MAX];
};

enum system {
	SYSTEM_WINDOWS,
	SYSTEM_APPLE,
	SYSTEM_ANDROID,
	SYSTEM_LINUX
};

/* Where a device asks whether it is on the Internet, or for the time, right after it joins a
 * network, without its owner; each maker's own. Browsers have such names too, but run on all. */
static const struct {
	const char *name;
	enum system system;
} TEST_PAGES[] = {
    {"www.msftconnecttest.com", SYSTEM_WINDOWS},
    {"ipv6.msftconnecttest.com", SYSTEM_WINDOWS},
    {"www.msftncsi.com", SYSTEM_WINDOWS},
    {"dns.msftncsi.com", SYSTEM_WINDOWS},
    {"captive.apple.com", SYSTEM_APPLE},
    {"time-ios.apple.com", SYSTEM_APPLE},
    {"time-macos.apple.com", SYSTEM_APPLE},
    {"connectivitycheck.gstatic.com", SYSTEM_ANDROID},
    {"connectivitycheck.android.com", SYSTEM_ANDROID},
    {"time.android.com", SYSTEM_ANDROID},
    {"connectivity-check.ubuntu.com", SYSTEM_LINUX},
    {"ntp.ubuntu.com", SYSTEM_LINUX},
    {"network-test.debian.org", SYSTEM_LINUX},
};

struct sources *sources_new(void)
{
	return calloc(1, sizeof(struct sources));
}

void sources_free(struct sources *s)
{
	free(s);
}

void sources_forget(struct sources *s)
{
	*s = (struct sources){.count = 0};
}

static uint8_t system_of(struct dname name)
{
	char text[NAME_TEXT_MAX];

	name_to_text(text, name);
	for (size_t i = 0; i < COUNT_OF(TEST_PAGES); i++)
		if (strcmp(TEST_PAGES[i].name, text) == 0)
			return (uint8_t)(1u << TEST_PAGES[i].system);
	return 0;
}

/* The place of an address; a new one's is empty. */
static struct source *place_of(struct sources *s, const struct addr *address)
{
	size_t least = 0;

	for (size_t i = 0; i < s->count; i++) {
		if (addr_equal(&s->items[i].address, address))
			return &s->items[i];
		if (s->items[i].samples < s->items[least].samples)
			least = i;
	}
	struct source *place =
	    s->count < SOURCES_MAX ? &s->items[s->count++] : &s->items[least];
	*place = (struct source){.address = *address};
	return place;
}

void sources_note(
    struct sources *s, const struct addr *from, struct dname name, bool forwards)
{
	struct source *source = place_of(s, from);

	s->samples++;
	if (source->samples < UINT32_MAX)
		source->samples++;
	if (forwards && source->forwards < UINT32_MAX)
		source->forwards++;
	source->systems |= system_of(name);
}

void sources_note_forwarded(struct sources *s)
{
	s->forwarded++;
}

bool sources_are_forwarded(const struct sources *s)
{
	return s->forwarded > s->samples / 2;
}

size_t sources_count(const struct sources *s)
{
	return s->count;
}

static unsigned count_bits(uint8_t bits)
{
	unsigned n = 0;

	for (; bits != 0; bits = (uint8_t)(bits & (bits - 1)))
		n++;
	return n;
}

static unsigned signs_of(const struct sources *s, const struct source *source)
{
	unsigned signs = 0;

	if (source->forwards >= FORWARDS_MIN)
		signs |= SOURCE_FORWARDER;
	if (count_bits(source->systems) >= SYSTEMS_MIN)
		signs |= SOURCE_SYSTEMS;
	if (source->samples >= VOLUME_MIN && source->samples > s->samples / 2)
		signs |= SOURCE_VOLUME;
	return signs;
}

size_t sources_shared(const struct sources *s, struct shared_source *out, size_t max)
{
	size_t count = 0;

	for (size_t i = 0; i < s->count && count < max; i++) {
		const struct source *source = &s->items[i];
		unsigned signs = signs_of(s, source);
		if (signs == 0)
			continue;
		out[count++] = (struct shared_source){source->address, signs,
		    (unsigned)((uint64_t)source->samples * 100 / s->samples)};
	}
	return count;
}
