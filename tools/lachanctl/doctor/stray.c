/* Does this machine, where it is the router, lead stray questions to the filter?
 *
 * The kernel's rules are read as `nft -j` prints them. A rule counts that speaks of target port
 * 53 and redirects, leads elsewhere, refuses or drops. What another firewall on the way does
 * cannot be seen from here. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/words.h"
#include "lachanctl/doctor/doctor.h"
#include "lachanctl/doctor/ruleset.h"

enum {
	NFT_MS = 3000,
	NFT_MAX_BYTES = 8 << 20
};

static const char *const NFT_PATHS[] = {"/usr/sbin/nft", "/sbin/nft", "/usr/bin/nft"};

static const char *find_nft(void)
{
	for (size_t i = 0; i < COUNT_OF(NFT_PATHS); i++)
		if (access(NFT_PATHS[i], X_OK) == 0)
			return NFT_PATHS[i];
	return NULL;
}

static int64_t now_ms(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Does not return. */
static void exec_nft(const char *path, int output)
{
	static char name[] = "nft", json[] = "-j", list[] = "list", ruleset[] = "ruleset";
	char *const words[] = {name, json, list, ruleset, NULL};

	if (dup2(output, STDOUT_FILENO) >= 0)
		(void)execv(path, words);
	_exit(127);
}

static bool read_until_end(int fd, struct buf *out)
{
	int64_t end_ms = now_ms() + NFT_MS, left_ms;
	uint8_t chunk[16384];

	while ((left_ms = end_ms - now_ms()) > 0 && !out->bad) {
		struct pollfd wait = {.fd = fd, .events = POLLIN};
		if (poll(&wait, 1, (int)left_ms) <= 0)
			continue;
		ssize_t n = read(fd, chunk, sizeof chunk);
		if (n == 0)
			return true;
		if (n > 0)
			buf_append(out, (struct slice){chunk, (size_t)n});
		else if (errno != EINTR)
			return false;
	}
	return false;
}

static bool run_nft(const char *path, struct buf *out)
{
	int ends[2], how = 0;

	if (pipe2(ends, O_CLOEXEC) != 0)
		return false;
	pid_t pid = fork();
	if (pid == 0)
		exec_nft(path, ends[1]);
	(void)close(ends[1]);
	bool whole = pid > 0 && read_until_end(ends[0], out);
	(void)close(ends[0]);
	if (pid <= 0)
		return false;
	if (!whole)
		(void)kill(pid, SIGKILL);
	while (waitpid(pid, &how, 0) < 0 && errno == EINTR)
		continue;
	return whole && WIFEXITED(how) && WEXITSTATUS(how) == 0;
}

/* Do devices go out through this machine? It forwards, and the way out leaves by another
 * interface than the LAN's. */
static bool is_router(const struct doctor *d)
{
	struct buf text = BUF_INIT(16);
	bool forwards = file_read("/proc/sys/net/ipv4/ip_forward", &text) == OK &&
	    text.len > 0 && text.ptr[0] == '1';
	bool leads_out = false;

	buf_deinit(&text);
	for (size_t i = 0; i < d->interfaces.count; i++) {
		const struct interface_address *a = &d->interfaces.items[i];
		bool of_lan = false;
		for (size_t k = 0; k < d->lan_count; k++)
			of_lan = of_lan || d->lans[k].index == a->index;
		leads_out = leads_out ||
		    (!of_lan && interfaces_leads_out(&d->interfaces, a->interface));
	}
	return forwards && leads_out && d->lan_count > 0;
}

static void say_open(struct doctor *d)
{
	struct finding f = {.id = "stray-dns", .severity = SEVERITY_HINT};

	finding_detail(&f, "%s",
	    _("Devices go out through this machine, and no rule here holds port 53: a device "
	      "that is set to another server (8.8.8.8) goes past the filter."));
	finding_fix(&f, "%s",
	    _("lachanctl firewall --nft > /etc/nftables.d/lachan.nft (or another place that "
	      "your firewall reads), then: nft -f that file. See the guide, \"Point the "
	      "school at it\"."));
	doctor_find(d, &f);
}

void check_firewall(struct doctor *d)
{
	struct buf text = BUF_INIT(NFT_MAX_BYTES);
	const char *nft = find_nft();

	if (!is_router(d)) {
		doctor_skip(d, "stray-dns", NULL,
		    _("devices do not go out through this machine: their router must hold "
		      "port 53 (lachanctl firewall --routeros, --uci)"));
	} else if (geteuid() != 0) {
		doctor_skip_rootless(d, "stray-dns");
	} else if (nft == NULL || !run_nft(nft, &text)) {
		doctor_skip(d, "stray-dns", NULL,
		    _("the firewall's rules cannot be read (nft is missing, or failed)"));
	} else {
		doctor_checked(d, "stray-dns");
		if (!ruleset_holds_dns(buf_slice(&text)))
			say_open(d);
	}
	buf_deinit(&text);
}
