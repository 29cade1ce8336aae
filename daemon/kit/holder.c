#include "kit/holder.h"

#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/text.h"
#include "base/words.h"

enum {
	LINE_BYTES = 512,
	TCP_LISTENING = 0x0a
};

/* The tables of /proc/net print each 32-bit word of an address as the number this machine reads in
 * it: "0100007F:0035". */
static bool parse_local(const char *text, struct addr *out)
{
	size_t digits = strcspn(text, ":");
	uint8_t octets[16];
	char *end;

	if ((digits != 8 && digits != 32) || text[digits] != ':')
		return false;
	for (size_t at = 0; at < digits; at += 8) {
		char word[9];
		memcpy(word, text + at, 8);
		word[8] = 0;
		uint32_t value = (uint32_t)strtoul(word, &end, 16);
		if (*end != 0)
			return false;
		memcpy(octets + at / 2, &value, sizeof value);
	}
	*out = addr_from_octets((struct slice){octets, digits / 2});
	unsigned long port = strtoul(text + digits + 1, &end, 16);
	out->port = (uint16_t)port;
	return port <= UINT16_MAX && *end == 0;
}

static bool conflicts(const struct addr *held, const struct addr *wanted)
{
	if (held->port != wanted->port)
		return false;
	/* A wildcard of IPv6 may hold the port of IPv4 as well. */
	if (addr_is_unspecified(held))
		return held->family == AF_INET6 || wanted->family == AF_INET;
	if (addr_is_unspecified(wanted))
		return held->family == wanted->family;
	return addr_equal(held, wanted);
}

/* The inode of the first conflicting socket of one table; 0: none. */
static uint64_t find_inode(const char *table, bool tcp, const struct addr *wanted)
{
	char line[LINE_BYTES];
	uint64_t found = 0;
	FILE *file = fopen(table, "re");

	if (file == NULL)
		return 0;
	while (found == 0 && fgets(line, sizeof line, file) != NULL) {
		/* sl local remote state queues timer retransmits uid timeout inode */
		const char *words[10];
		size_t count = 0;
		char *rest = line;
		for (char *word; count < 10 && (word = strsep(&rest, " \t\n")) != NULL;)
			if (word[0] != 0)
				words[count++] = word;
		struct addr held;
		if (count < 10 || !parse_local(words[1], &held) ||
		    !conflicts(&held, wanted))
			continue;
		if (!tcp || strtoul(words[3], NULL, 16) == TCP_LISTENING)
			(void)slice_to_u64(slice_of(words[9]), UINT64_MAX, &found);
	}
	(void)fclose(file);
	return found;
}

static bool has_socket(const char *pid, const char *link_text)
{
	char path[64];
	char target[64];
	bool found = false;

	(void)snprintf(path, sizeof path, "/proc/%.16s/fd", pid);
	DIR *folder = opendir(path);
	if (folder == NULL)
		return false;
	for (struct dirent *entry; !found && (entry = readdir(folder)) != NULL;) {
		ssize_t n =
		    readlinkat(dirfd(folder), entry->d_name, target, sizeof target - 1);
		if (n > 0) {
			target[n] = 0;
			found = strcmp(target, link_text) == 0;
		}
	}
	(void)closedir(folder);
	return found;
}

static void read_program(const char *pid, struct holder *out)
{
	char path[64];
	struct buf name = BUF_INIT(256);
	uint64_t number = 0;

	(void)snprintf(path, sizeof path, "/proc/%.16s/comm", pid);
	if (file_read(path, &name) == OK)
		text_printable(
		    out->program, sizeof out->program, slice_trim(buf_slice(&name)));
	if (slice_to_u64(slice_of(pid), INT32_MAX, &number))
		out->pid = (pid_t)number;
	buf_deinit(&name);
}

static void find_owner(uint64_t inode, struct holder *out)
{
	char link_text[64];
	DIR *folder = opendir("/proc");

	if (folder == NULL)
		return;
	(void)snprintf(
	    link_text, sizeof link_text, "socket:[%llu]", (unsigned long long)inode);
	for (struct dirent *entry; out->pid == 0 && (entry = readdir(folder)) != NULL;)
		if (entry->d_name[0] >= '1' && entry->d_name[0] <= '9' &&
		    has_socket(entry->d_name, link_text))
			read_program(entry->d_name, out);
	(void)closedir(folder);
}

bool holder_find(
    enum holder_transport transport, const struct addr *wanted, struct holder *out)
{
	static const char *const tables[2][2] = {
	    [HOLDER_UDP] = {"/proc/net/udp", "/proc/net/udp6"},
	    [HOLDER_TCP] = {"/proc/net/tcp", "/proc/net/tcp6"},
	};
	uint64_t inode = 0;

	for (size_t i = 0; inode == 0 && i < 2; i++)
		inode = find_inode(tables[transport][i], transport == HOLDER_TCP, wanted);
	if (inode == 0)
		return false;
	*out = (struct holder){.pid = 0};
	find_owner(inode, out);
	return true;
}

const char *holder_advice(const struct holder *who)
{
	static const struct {
		const char *program; /* as /proc/PID/comm has it: 15 letters at most */
		const char *advice;
	} known[] = {
	    {"systemd-resolve",
	        N_("write DNSStubListener=no under [Resolve] in "
	           "/etc/systemd/resolved.conf.d/lachan.conf, then: systemctl restart "
	           "systemd-resolved")},
	    {"dnsmasq",
	        N_("write port=0 in dnsmasq's configuration to keep it for DHCP alone, "
	           "or: systemctl disable --now dnsmasq")},
	    {"named", N_("the name server BIND runs here: systemctl disable --now named")},
	    {"unbound", N_("systemctl disable --now unbound")},
	    {"pdns_recursor", N_("systemctl disable --now pdns-recursor")},
	    {"kresd", N_("systemctl disable --now kresd@1")},
	    {"pihole-FTL", N_("Pi-hole runs here: systemctl disable --now pihole-FTL")},
	    {"AdGuardHome",
	        N_("AdGuard Home runs here: systemctl disable --now AdGuardHome")},
	    {"connmand", N_("start connmand with --nodnsproxy")},
	    {"lachand", N_("Lá Chắn runs already: systemctl stop lachan")},
	    {"lachan-filter", N_("Lá Chắn runs already: systemctl stop lachan")},
	    {"lachan-page", N_("Lá Chắn runs already: systemctl stop lachan")},
	    {"nginx",
	        N_("give nginx another port, or the warning page another address in "
	           "pages.listen")},
	    {"apache2",
	        N_("give Apache another port, or the warning page another address in "
	           "pages.listen")},
	    {"lighttpd",
	        N_("give lighttpd another port, or the warning page another address "
	           "in pages.listen")},
	    {"uhttpd",
	        N_("give the router's own pages (uhttpd) another port, or the warning "
	           "page another address in pages.listen")},
	};

	if (who->pid == 0)
		return _("ask as root which program it is: ss -lpn");
	for (size_t i = 0; i < COUNT_OF(known); i++)
		if (strcmp(who->program, known[i].program) == 0)
			return _(known[i].advice);
	return _("end that program, or name another address or port in the configuration");
}
