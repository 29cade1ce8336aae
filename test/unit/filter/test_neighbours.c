/* Our copy of the kernel's neighbour table, and what a socket may bring. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
/* cmocka wants the headers above. */
#include <cmocka.h>

#include <errno.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <unistd.h>

#include "filter/neighbour_ask.h"
#include "filter/neighbour_wire.h"

static struct neighbours *made(void)
{
	struct neighbours *n = NULL;

	assert_int_equal(neighbours_new(&n, (struct hash_key){1, 2}), OK);
	return n;
}

static struct addr address_of(const char *text)
{
	struct addr a;

	assert_int_equal(addr_from_text(&a, slice_of(text), NULL), OK);
	return a;
}

static struct addr number(uint32_t i)
{
	return (struct addr){.family = AF_INET,
	    .bytes = {10, (uint8_t)(i >> 16), (uint8_t)(i >> 8), (uint8_t)i}};
}

static bool put(struct neighbours *n, uint32_t link, struct addr a, uint64_t mac)
{
	const struct neighbour line = {link, a, {mac}};
	return neighbours_put(n, &line);
}

/* 0: not known. */
static uint64_t mac_at(const struct neighbours *n, uint32_t link, struct addr a)
{
	struct mac mac = MAC_NONE;

	return neighbours_find(n, link, &a, &mac) ? mac.bits : 0;
}

static void a_device_is_found_on_its_link_until_it_is_forgotten(void **state)
{
	struct neighbours *n = made();
	struct addr four = address_of("10.0.0.5");
	struct addr six = address_of("fe80::5");

	(void)state;
	assert_true(put(n, 3, four, 0xa1));
	assert_true(put(n, 3, six, 0xa1));
	assert_true(put(n, 4, six, 0xa2));
	assert_int_equal(mac_at(n, 3, four), 0xa1);
	assert_int_equal(mac_at(n, 4, four), 0);
	assert_int_equal(mac_at(n, 3, six), 0xa1);
	assert_int_equal(mac_at(n, 4, six), 0xa2);
	/* As a query's sender it has a port and a scope. */
	four.port = 4000;
	six.scope_id = 4;
	assert_int_equal(mac_at(n, 3, four), 0xa1);
	assert_int_equal(mac_at(n, 4, six), 0xa2);
	assert_true(put(n, 3, four, 0xb1)); /* another machine has taken it */
	assert_int_equal(mac_at(n, 3, four), 0xb1);
	assert_true(put(n, 3, four, 0));
	assert_int_equal(mac_at(n, 3, four), 0);
	assert_true(put(n, 3, four, 0)); /* twice is no harm */
	assert_int_equal(neighbours_count(n), 2);
	neighbours_free(n);
}

static void the_version_moves_with_what_is_in_it_and_with_nothing_else(void **state)
{
	struct neighbours *n = made();
	uint32_t before = neighbours_version(n);

	(void)state;
	assert_true(put(n, 1, number(1), 0xa1));
	assert_int_not_equal(neighbours_version(n), before);
	before = neighbours_version(n);
	assert_true(put(n, 1, number(1), 0xa1)); /* "still reachable" */
	assert_true(put(n, 1, number(2), 0));
	neighbours_begin_round(n);
	assert_true(put(n, 1, number(1), 0xa1));
	neighbours_end_round(n);
	assert_int_equal(neighbours_version(n), before);
	assert_false(neighbours_are_told(n));
	neighbours_set_told(n, true);
	assert_true(neighbours_are_told(n));
	assert_int_not_equal(neighbours_version(n), before);
	assert_int_equal(neighbours_version(n) % 2, 0);
	neighbours_free(n);
}

static void a_full_table_takes_no_more_until_one_leaves(void **state)
{
	struct neighbours *n = made();

	(void)state;
	for (uint32_t i = 0; i < NEIGHBOURS_MAX; i++)
		assert_true(put(n, 1, number(i), i + 1));
	assert_false(put(n, 1, number(NEIGHBOURS_MAX), 7));
	assert_int_equal(mac_at(n, 1, number(NEIGHBOURS_MAX)), 0);
	assert_true(put(n, 1, number(5), 99)); /* one that is in it may change */
	for (uint32_t i = 0; i < NEIGHBOURS_MAX; i++)
		assert_int_equal(mac_at(n, 1, number(i)), i == 5 ? 99 : i + 1);
	assert_true(put(n, 1, number(6), 0));
	assert_true(put(n, 1, number(NEIGHBOURS_MAX), 7));
	neighbours_free(n);
}

static void what_a_round_does_not_name_is_forgotten(void **state)
{
	struct neighbours *n = made();

	(void)state;
	for (unsigned round = 0; round < 5; round++) {
		for (uint32_t i = 0; i < 3000; i++)
			assert_true(put(n, 1, number(i), i + 1));
		neighbours_begin_round(n);
		for (uint32_t i = round; i < 3000; i += 7)
			assert_true(put(n, 1, number(i), i + 1));
		assert_true(put(n, 1, number(9000), 5)); /* came in between */
		neighbours_end_round(n);
		for (uint32_t i = 0; i < 3000; i++) {
			bool named = i >= round && (i - round) % 7 == 0;
			assert_int_equal(mac_at(n, 1, number(i)), named ? i + 1 : 0);
		}
		assert_int_equal(mac_at(n, 1, number(9000)), 5);
	}
	neighbours_free(n);
}

/* Against a plain array, with addresses that come and go. */
static void the_table_agrees_with_a_plain_one_whatever_comes_and_goes(void **state)
{
	enum {
		ADDRESSES = 512,
		STEPS = 40000
	};
	static uint64_t plain[ADDRESSES];
	struct neighbours *n = made();
	uint64_t random = 88172645463325252u;

	(void)state;
	for (unsigned step = 0; step < STEPS; step++) {
		random ^= random << 13;
		random ^= random >> 7;
		random ^= random << 17;
		uint32_t i = (uint32_t)(random >> 20) % ADDRESSES;
		uint64_t mac = random % 3 == 0 ? 0 : 1 + random % 1000;
		assert_true(put(n, 1, number(i), mac));
		plain[i] = mac;
		uint32_t k = (uint32_t)(random >> 40) % ADDRESSES;
		assert_int_equal(mac_at(n, 1, number(k)), plain[k]);
	}
	neighbours_free(n);
}

/* ---- readers beside the writer ---- */

struct race {
	struct neighbours *n;
	atomic_bool over;
	atomic_uint wrong;
};

/* Each address has its number as MAC, or none: anything else was a torn view. */
static void *read_on(void *context)
{
	struct race *race = context;

	for (uint32_t i = 0; !atomic_load(&race->over); i = (i + 1) % 64) {
		struct addr a = number(i);
		struct mac mac;
		if (neighbours_find(race->n, 1, &a, &mac) && mac.bits % 64 != i)
			atomic_fetch_add(&race->wrong, 1);
	}
	return NULL;
}

static void a_reader_never_sees_another_ones_mac(void **state)
{
	struct race race = {.n = made()};
	pthread_t readers[2];

	(void)state;
	for (size_t i = 0; i < 2; i++)
		assert_int_equal(pthread_create(&readers[i], NULL, read_on, &race), 0);
	for (uint32_t step = 0; step < 60000; step++) {
		uint32_t i = step * 7 % 64;
		(void)put(
		    race.n, 1, number(i), step % 5 == 0 ? 0 : 64 + i + 64 * (step % 3));
	}
	atomic_store(&race.over, true);
	for (size_t i = 0; i < 2; i++)
		assert_int_equal(pthread_join(readers[i], NULL), 0);
	assert_int_equal(atomic_load(&race.wrong), 0);
	neighbours_free(race.n);
}

/* ---- what the socket brings ---- */

struct wire {
	_Alignas(8) uint8_t bytes[512];
	size_t len;
};

static void add(struct wire *w, const void *bytes, size_t len)
{
	memcpy(w->bytes + w->len, bytes, len);
	w->len = (w->len + len + 3) & ~(size_t)3;
}

static void add_attribute(struct wire *w, uint16_t type, const void *bytes, size_t len)
{
	const struct rtattr head = {(uint16_t)(sizeof head + len), type};

	add(w, &head, sizeof head);
	add(w, bytes, len);
}

/* A line of the table, with whatever these are. */
static struct wire line(uint16_t type, uint8_t family, uint16_t flags_and_state,
    const char *address, size_t mac_len)
{
	static const uint8_t MAC[20] = {2, 0, 0, 0, 0, 9};
	struct wire w = {.len = 0};
	struct nlmsghdr head = {.nlmsg_type = type, .nlmsg_seq = 5};
	const struct ndmsg about = {.ndm_family = family,
	    .ndm_ifindex = 3,
	    .ndm_state = flags_and_state & 0xff,
	    .ndm_flags = (uint8_t)(flags_and_state >> 8)};

	add(&w, &head, sizeof head);
	add(&w, &about, sizeof about);
	if (address != NULL) {
		struct addr a = address_of(address);
		add_attribute(&w, NDA_DST, a.bytes, addr_size(&a));
	}
	if (mac_len > 0)
		add_attribute(&w, NDA_LLADDR, MAC, mac_len);
	head.nlmsg_len = (uint32_t)w.len;
	memcpy(w.bytes, &head, sizeof head);
	return w;
}

static struct neighbour_message first_of(const struct wire *w)
{
	struct slice rest = {w->bytes, w->len};
	struct neighbour_message m = {.said = NEIGHBOUR_OTHER};

	assert_true(neighbour_next(&rest, &m));
	assert_int_equal(rest.len, 0);
	return m;
}

static void lines_are_read_with_the_states_that_count(void **state)
{
	static const struct {
		uint16_t type, state;
		bool known;
	} ROWS[] = {
	    {RTM_NEWNEIGH, NUD_REACHABLE, true},
	    {RTM_NEWNEIGH, NUD_STALE, true},
	    {RTM_NEWNEIGH, NUD_DELAY, true},
	    {RTM_NEWNEIGH, NUD_PROBE, true},
	    {RTM_NEWNEIGH, NUD_PERMANENT, true},
	    {RTM_NEWNEIGH, NUD_INCOMPLETE, false},
	    {RTM_NEWNEIGH, NUD_FAILED, false},
	    {RTM_NEWNEIGH, NUD_NOARP, false},
	    {RTM_NEWNEIGH, NUD_NONE, false},
	    {RTM_DELNEIGH, NUD_REACHABLE, false},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(ROWS); i++) {
		struct wire w = line(ROWS[i].type, AF_INET, ROWS[i].state, "10.0.0.5", 6);
		struct neighbour_message m = first_of(&w);
		struct addr a = address_of("10.0.0.5");
		assert_int_equal(m.said, NEIGHBOUR_LINE);
		assert_int_equal(m.sequence, 5);
		assert_int_equal(m.line.link, 3);
		assert_true(addr_equal(&m.line.address, &a));
		assert_int_equal(m.line.mac.bits, ROWS[i].known ? 0x020000000009u : 0);
	}
	struct wire six = line(RTM_NEWNEIGH, AF_INET6, NUD_STALE, "fe80::9", 6);
	assert_int_equal(first_of(&six).line.address.family, AF_INET6);
}

static void what_is_no_line_of_an_ethernet_device_is_passed_over(void **state)
{
	struct wire rows[] = {
	    line(RTM_NEWNEIGH, AF_BRIDGE, NUD_REACHABLE, NULL, 6),
	    line(RTM_NEWNEIGH, AF_INET, NUD_REACHABLE, NULL, 6),
	    line(RTM_NEWNEIGH, AF_INET, NUD_REACHABLE, "fe80::9", 6),
	    line(RTM_NEWNEIGH, AF_INET6, NUD_REACHABLE, "10.0.0.5", 6),
	    line(RTM_NEWNEIGH, AF_INET, NTF_PROXY << 8 | NUD_REACHABLE, "10.0.0.5", 6),
	    line(RTM_NEWLINK, AF_INET, NUD_REACHABLE, "10.0.0.5", 6),
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		assert_int_equal(first_of(&rows[i]).said, NEIGHBOUR_OTHER);
	/* A tunnel's "hardware address" is an IP address; InfiniBand's has twenty octets. */
	for (size_t len = 0; len <= 20; len++) {
		struct wire w = line(RTM_NEWNEIGH, AF_INET, NUD_STALE, "10.0.0.5", len);
		assert_int_equal(mac_is_known(first_of(&w).line.mac), len == 6);
	}
}

static void a_message_cut_anywhere_is_not_read_past_its_end(void **state)
{
	struct wire whole = line(RTM_NEWNEIGH, AF_INET6, NUD_STALE, "fe80::9", 6);

	(void)state;
	for (size_t len = 0; len < whole.len; len++) {
		/* In memory of its own, so that a sanitizer sees the octet behind it. */
		uint8_t *cut = malloc(len + 1);
		struct neighbour_message m;
		assert_non_null(cut);
		memcpy(cut, whole.bytes, len);
		struct slice rest = {cut, len};
		assert_false(neighbour_next(&rest, &m));
		if (len >= sizeof(struct nlmsghdr)) {
			/* The same with a header that says so. */
			uint8_t *exact = malloc(len);
			uint32_t said = (uint32_t)len;
			assert_non_null(exact);
			memcpy(exact, cut, len);
			memcpy(exact, &said, sizeof said);
			rest = (struct slice){exact, len};
			if (neighbour_next(&rest, &m))
				assert_true(m.said == NEIGHBOUR_OTHER ||
				    m.line.address.family == AF_INET6);
			free(exact);
		}
		free(cut);
	}
}

/* Each octet of a line as something else, one after the other. */
static void a_hostile_octet_anywhere_does_no_harm(void **state)
{
	struct wire whole = line(RTM_NEWNEIGH, AF_INET, NUD_STALE, "10.0.0.5", 6);

	(void)state;
	for (size_t at = 0; at < whole.len; at++) {
		for (unsigned value = 0; value < 256; value++) {
			uint8_t *hostile = malloc(whole.len);
			struct neighbour_message m;
			assert_non_null(hostile);
			memcpy(hostile, whole.bytes, whole.len);
			hostile[at] = (uint8_t)value;
			struct slice rest = {hostile, whole.len};
			for (unsigned i = 0; i < 64 && neighbour_next(&rest, &m); i++) {
				if (m.said == NEIGHBOUR_LINE)
					assert_true(m.line.link > 0 &&
					    addr_size(&m.line.address) >= 4 &&
					    !mac_is_multicast(m.line.mac));
			}
			free(hostile);
		}
	}
}

static void refusals_and_ends_are_told_apart(void **state)
{
	struct wire w = {.len = 0};
	struct nlmsghdr head = {.nlmsg_type = NLMSG_ERROR, .nlmsg_seq = 7};
	struct nlmsgerr why = {.error = -ENOENT};
	struct neighbour_message m;

	(void)state;
	head.nlmsg_len = sizeof head + sizeof why;
	add(&w, &head, sizeof head);
	add(&w, &why, sizeof why);
	m = first_of(&w);
	assert_int_equal(m.said, NEIGHBOUR_REFUSED);
	assert_int_equal(m.error, ENOENT);
	why.error = INT32_MIN; /* no errno */
	memcpy(w.bytes + sizeof head, &why, sizeof why);
	assert_int_equal(first_of(&w).error, EPROTO);
	head = (struct nlmsghdr){.nlmsg_len = sizeof head + 4,
	    .nlmsg_type = NLMSG_DONE,
	    .nlmsg_flags = NLM_F_DUMP_INTR,
	    .nlmsg_seq = 7};
	w.len = sizeof head + 4;
	memcpy(w.bytes, &head, sizeof head);
	m = first_of(&w);
	assert_int_equal(m.said, NEIGHBOUR_END);
	assert_true(m.interrupted);
}

static void the_kernel_answers_a_question_about_a_stranger(void **state)
{
	_Alignas(8) uint8_t bytes[NEIGHBOUR_REQUEST_BYTES];
	_Alignas(8) static uint8_t answer[NEIGHBOUR_MESSAGES_BYTES];
	struct addr nobody = address_of("192.0.2.77");
	struct neighbour_message m;
	int fd = neighbour_socket(0);

	(void)state;
	if (fd < 0)
		skip();
	assert_int_equal(neighbour_receive(fd, answer, sizeof answer), 0);
	size_t len = neighbour_ask_one(bytes, 9, 1, &nobody);
	assert_true(len <= sizeof bytes);
	assert_int_equal(send(fd, bytes, len, 0), len);
	int n = neighbour_receive(fd, answer, sizeof answer);
	assert_true(n > 0);
	struct slice rest = {answer, (size_t)n};
	assert_true(neighbour_next(&rest, &m));
	assert_int_equal(m.said, NEIGHBOUR_REFUSED);
	assert_int_equal(m.sequence, 9);
	(void)close(fd);
}

/* In a network namespace of this process, with two neighbours written by hand. */
static bool make_neighbours(void)
{
	return geteuid() == 0 && unshare(CLONE_NEWNET) == 0 &&
	    system("(ip link add w0 type veth peer name w1 && ip link set w0 up && "
	           "ip neigh add 192.0.2.5 lladdr 02:00:00:00:00:09 dev w0 && "
	           "ip neigh add 2001:db8::5 lladdr 02:00:00:00:00:09 dev w0 && "
	           "ip neigh add 192.0.2.6 dev w0 nud failed) 2>/dev/null") == 0;
}

/* The last test: the process stays in its namespace. */
static void a_worker_hears_at_once_who_a_neighbour_is(void **state)
{
	struct addr known = address_of("192.0.2.5");
	struct addr six = address_of("2001:db8::5");
	struct addr failed = address_of("192.0.2.6");
	struct addr nobody = address_of("192.0.2.7");
	struct neighbour_ask ask;
	struct mac mac;

	(void)state;
	if (!make_neighbours())
		skip();
	unsigned link = if_nametoindex("w0");
	neighbour_ask_open(&ask);
	assert_true(ask.fd >= 0);
	assert_true(neighbour_ask(&ask, link, &known, 5000, &mac));
	assert_int_equal(mac.bits, 0x020000000009u);
	mac = MAC_NONE;
	assert_true(neighbour_ask(&ask, link, &six, 5000, &mac));
	assert_int_equal(mac.bits, 0x020000000009u);
	assert_false(neighbour_ask(&ask, link, &failed, 5000, &mac));
	assert_false(neighbour_ask(&ask, link, &nobody, 5000, &mac));
	assert_false(neighbour_ask(&ask, link + 99, &known, 5000, &mac));
	/* Enough for this second; in the next one it asks again. */
	for (unsigned i = 5; i < NEIGHBOUR_ASKS_PER_SECOND; i++)
		assert_true(neighbour_ask(&ask, link, &known, 5999, &mac));
	assert_false(neighbour_ask(&ask, link, &known, 5999, &mac));
	assert_true(neighbour_ask(&ask, link, &known, 6000, &mac));
	neighbour_ask_close(&ask);
	assert_false(neighbour_ask(&ask, link, &known, 7000, &mac));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_device_is_found_on_its_link_until_it_is_forgotten),
	    cmocka_unit_test(the_version_moves_with_what_is_in_it_and_with_nothing_else),
	    cmocka_unit_test(a_full_table_takes_no_more_until_one_leaves),
	    cmocka_unit_test(what_a_round_does_not_name_is_forgotten),
	    cmocka_unit_test(the_table_agrees_with_a_plain_one_whatever_comes_and_goes),
	    cmocka_unit_test(a_reader_never_sees_another_ones_mac),
	    cmocka_unit_test(lines_are_read_with_the_states_that_count),
	    cmocka_unit_test(what_is_no_line_of_an_ethernet_device_is_passed_over),
	    cmocka_unit_test(a_message_cut_anywhere_is_not_read_past_its_end),
	    cmocka_unit_test(a_hostile_octet_anywhere_does_no_harm),
	    cmocka_unit_test(refusals_and_ends_are_told_apart),
	    cmocka_unit_test(the_kernel_answers_a_question_about_a_stranger),
	    cmocka_unit_test(a_worker_hears_at_once_who_a_neighbour_is),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
