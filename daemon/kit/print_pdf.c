#include "kit/print_pdf.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/words.h"

enum {
	NOBODY = 65534,
	STEP_MS = 50,
	OPEN_FOLDERS = 16 /* at once, while the profile is removed */
};

/* By their places: PATH is what the caller's shell says. */
static const char *const browsers[] = {"/usr/bin/chromium", "/usr/bin/chromium-browser",
    "/usr/bin/google-chrome", "/usr/bin/google-chrome-stable", "/snap/bin/chromium"};

const char *print_pdf_browser(void)
{
	for (size_t i = 0; i < COUNT_OF(browsers); i++)
		if (access(browsers[i], X_OK) == 0)
			return browsers[i];
	return NULL;
}

struct printing {
	char folder[128];
	char page[160], pdf[160];
};

/* In the child: nothing of the caller's is open or may be written. */
static bool become_small(const struct printing *p)
{
	const struct rlimit size = {PRINT_PDF_MAX_BYTES, PRINT_PDF_MAX_BYTES};
	int null = open("/dev/null", O_RDWR);

	if (null < 0 || dup2(null, 0) < 0 || dup2(null, 1) < 0 || dup2(null, 2) < 0)
		return false;
	if (setpgid(0, 0) != 0 || setrlimit(RLIMIT_FSIZE, &size) != 0 ||
	    chdir(p->folder) != 0 || close_range(3, ~0U, 0) != 0)
		return false;
	if (geteuid() != 0)
		return true;
	/* Where namespaces are not to be had, the switches below must do. */
	(void)unshare(CLONE_NEWNET);
	return setgroups(0, NULL) == 0 && setresgid(NOBODY, NOBODY, NOBODY) == 0 &&
	    setresuid(NOBODY, NOBODY, NOBODY) == 0;
}

/* Without its own sandbox, which needs rights that a container or a service has not: it shows
 * one page, of ours, that forbids itself scripts and whatever is outside (its policy in
 * yearbook/html.c). Scripts cannot be off altogether: printing without a window is one. */
static void run_browser(const char *browser, const struct printing *p)
{
	char profile[192];
	char to[192];
	char from[192];
	char home[160];

	(void)snprintf(profile, sizeof profile, "--user-data-dir=%s/profile", p->folder);
	(void)snprintf(to, sizeof to, "--print-to-pdf=%s", p->pdf);
	(void)snprintf(from, sizeof from, "file://%s", p->page);
	(void)snprintf(home, sizeof home, "HOME=%s", p->folder);
	char *const environment[] = {
	    home, (char[]){"LC_ALL=C.UTF-8"}, (char[]){"PATH=/usr/bin:/bin"}, NULL};
	const char *const arguments[] = {browser, "--headless", "--disable-gpu",
	    "--no-sandbox", "--no-first-run", "--disable-extensions", "--disable-sync",
	    "--disable-background-networking", "--disable-component-update",
	    "--disable-dev-shm-usage", "--disable-crash-reporter",
	    "--host-resolver-rules=MAP * ~NOTFOUND", "--proxy-server=127.0.0.1:1",
	    "--no-pdf-header-footer", "--print-to-pdf-no-header", profile, to, from, NULL};

	/* execve() changes none of them, whatever its prototype says. */
	union {
		const char *const *ours;
		char *const *its;
	} words = {.ours = arguments};
	(void)execve(browser, words.its, environment);
}

static void wait_a_step(void)
{
	const struct timespec step = {0, STEP_MS * 1000000L};

	(void)nanosleep(&step, NULL);
}

static enum err wait_for(pid_t pid, struct diag *why)
{
	int status = 0;

	for (int left = PRINT_PDF_SECONDS * 1000 / STEP_MS; left > 0; left--) {
		pid_t ended = waitpid(pid, &status, WNOHANG);
		if (ended == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0)
			return OK;
		if (ended == pid || (ended < 0 && errno != EINTR)) {
			diag_set(why, _("the browser failed"));
			return ERR_IO;
		}
		wait_a_step();
	}
	diag_set(why, _("the browser did not end within %d seconds"), PRINT_PDF_SECONDS);
	return ERR_TIMEOUT;
}

static enum err start_and_wait(
    const char *browser, const struct printing *p, struct diag *why)
{
	pid_t pid = fork();

	if (pid < 0) {
		diag_set(why, "fork: %s", strerror(errno));
		return ERR_IO;
	}
	if (pid == 0) {
		if (become_small(p))
			run_browser(browser, p);
		_exit(127);
	}
	(void)setpgid(pid, pid); /* whichever of us two is first */
	enum err rc = wait_for(pid, why);
	/* Its helpers, too: they are a group of their own. */
	(void)kill(-pid, SIGKILL);
	if (rc == ERR_TIMEOUT)
		(void)waitpid(pid, NULL, 0);
	return rc;
}

static int remove_one(
    const char *path, const struct stat *about, int kind, struct FTW *where)
{
	(void)about;
	(void)kind;
	(void)where;
	(void)remove(path);
	return 0;
}

static enum err make_folder(struct printing *p, struct slice html, struct diag *why)
{
	const char *base = getenv("TMPDIR");
	int n = snprintf(p->folder, sizeof p->folder, "%s/lachan-print-XXXXXX",
	    base != NULL && base[0] == '/' && strlen(base) < 64 ? base : "/tmp");

	if (n < 0 || (size_t)n >= sizeof p->folder || mkdtemp(p->folder) == NULL) {
		p->folder[0] = 0;
		diag_set(why, _("no temporary folder: %s"), strerror(errno));
		return ERR_IO;
	}
	(void)snprintf(p->page, sizeof p->page, "%s/report.html", p->folder);
	(void)snprintf(p->pdf, sizeof p->pdf, "%s/report.pdf", p->folder);
	enum err rc = file_write_atomic(p->page, html, 0600);
	if (rc == OK && geteuid() == 0 &&
	    (chown(p->folder, NOBODY, NOBODY) != 0 || chown(p->page, NOBODY, NOBODY) != 0))
		rc = ERR_IO;
	if (rc != OK)
		diag_set(why, "%s: %s", p->page, strerror(errno));
	return rc;
}

static enum err take_pdf(const struct printing *p, struct buf *out, struct diag *why)
{
	size_t before = out->len;

	enum err rc = file_read(p->pdf, out);
	if (rc == OK &&
	    (out->len - before < 5 || memcmp(out->ptr + before, "%PDF-", 5) != 0))
		rc = ERR_FORMAT;
	if (rc != OK)
		diag_set(why, _("the browser made no PDF (%s)"), err_text(rc));
	return rc;
}

enum err print_pdf(struct slice html, struct buf *out, struct diag *why)
{
	struct printing p = {.folder = ""};
	const char *browser = print_pdf_browser();

	if (browser == NULL) {
		diag_set(why,
		    _("no Chromium is installed here (apt install chromium); write --html "
		      "FILE, open it in any browser and print it as PDF, paper A4"));
		return ERR_NOT_FOUND;
	}
	enum err rc = make_folder(&p, html, why);
	if (rc == OK)
		rc = start_and_wait(browser, &p, why);
	if (rc == OK)
		rc = take_pdf(&p, out, why);
	if (p.folder[0] != 0)
		(void)nftw(p.folder, remove_one, OPEN_FOLDERS, FTW_DEPTH | FTW_PHYS);
	return rc;
}
