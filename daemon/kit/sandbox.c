#include "kit/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cap-ng.h>

#include "base/words.h"

enum err sandbox_find_user(const char *name, struct sandbox_user *out, struct diag *why)
{
	if (name[0] == 0) {
		*out = (struct sandbox_user){geteuid(), getegid()};
		return OK;
	}
	errno = 0;
	const struct passwd *entry = getpwnam(name);
	if (entry == NULL) {
		diag_set(why,
		    _("server.user: there is no user \"%s\" (make it: useradd --system %s; or "
		      "write user: \"\" to stay who you are)"),
		    name, name);
		return ERR_NOT_FOUND;
	}
	*out = (struct sandbox_user){entry->pw_uid, entry->pw_gid};
	return OK;
}

static enum err refused(struct diag *why, const char *what)
{
	diag_set(why, "%s: %s", what, strerror(errno));
	return ERR_DENIED;
}

/* The bounding set goes while root still may; what is not in it never comes back. */
static enum err drop_bounding_set(struct diag *why)
{
	if (capng_get_caps_process() != 0)
		return refused(why, "capget");
	if (!capng_have_capability(CAPNG_EFFECTIVE, CAP_SETPCAP))
		return OK;
	capng_clear(CAPNG_SELECT_BOUNDS);
	return capng_apply(CAPNG_SELECT_BOUNDS) == 0 ? OK : refused(why, "PR_CAPBSET_DROP");
}

static enum err become(const char *name, struct sandbox_user user, struct diag *why)
{
	if (initgroups(name, user.gid) != 0)
		return refused(why, "setgroups");
	if (setresgid(user.gid, user.gid, user.gid) != 0)
		return refused(why, "setresgid");
	if (setresuid(user.uid, user.uid, user.uid) != 0)
		return refused(why, "setresuid");
	if (user.uid != 0 && setuid(0) == 0) {
		diag_set(why, "root came back after setresuid");
		return ERR_DENIED;
	}
	return OK;
}

static enum err drop_capabilities(struct diag *why)
{
	if (capng_get_caps_process() != 0)
		return refused(why, "capget");
	capng_clear(CAPNG_SELECT_CAPS);
	if (capng_apply(CAPNG_SELECT_CAPS) != 0)
		return refused(why, "capset");
	/* Kernels without ambient capabilities have none to drop. */
	(void)prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	return OK;
}

enum err sandbox_enter(const char *user, struct diag *why)
{
	struct sandbox_user target;
	int at_death = 0;

	if (prctl(PR_GET_PDEATHSIG, &at_death) != 0)
		at_death = 0;
	if (geteuid() == 0) {
		enum err rc = sandbox_find_user(user, &target, why);
		if (rc == OK)
			rc = drop_bounding_set(why);
		if (rc == OK && user[0] != 0)
			rc = become(user, target, why);
		if (rc != OK)
			return rc;
	}
	enum err rc = drop_capabilities(why);
	if (rc != OK)
		return rc;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return refused(why, "PR_SET_NO_NEW_PRIVS");
	const struct rlimit none = {0, 0};
	if (setrlimit(RLIMIT_CORE, &none) != 0)
		return refused(why, "RLIMIT_CORE");
	/* The change of credentials has set it to fs.suid_dumpable. */
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
		return refused(why, "PR_SET_DUMPABLE");
	/* The change of credentials has cleared it (prctl(2)). */
	if (at_death != 0 && prctl(PR_SET_PDEATHSIG, at_death) != 0)
		return refused(why, "PR_SET_PDEATHSIG");
	return OK;
}

enum err sandbox_keep_for_children(struct diag *why)
{
	/* DAC_OVERRIDE: files of the configuration that server.user wrote, and our socket in
	 * run_dir, which is that user's. */
	static const unsigned kept[] = {
	    CAP_SETUID, CAP_SETGID, CAP_SETPCAP, CAP_KILL, CAP_DAC_OVERRIDE};
	bool had[COUNT_OF(kept)];

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return refused(why, "PR_SET_NO_NEW_PRIVS");
	if (geteuid() != 0)
		return drop_capabilities(why);
	if (capng_get_caps_process() != 0)
		return refused(why, "capget");
	for (size_t i = 0; i < COUNT_OF(kept); i++)
		had[i] = capng_have_capability(CAPNG_EFFECTIVE, kept[i]) != 0;
	bool may_bound = capng_have_capability(CAPNG_EFFECTIVE, CAP_SETPCAP) != 0;
	capng_clear(CAPNG_SELECT_BOTH);
	for (size_t i = 0; i < COUNT_OF(kept); i++)
		if (had[i])
			(void)capng_update(CAPNG_ADD,
			    CAPNG_EFFECTIVE | CAPNG_PERMITTED | CAPNG_BOUNDING_SET,
			    kept[i]);
	if (capng_apply(may_bound ? CAPNG_SELECT_BOTH : CAPNG_SELECT_CAPS) != 0)
		return refused(why, "capset");
	return OK;
}

bool sandbox_die_with_parent(void)
{
	pid_t parent = getppid();

	if (prctl(PR_SET_PDEATHSIG, SIGTERM) != 0)
		return false;
	/* It may have died since; whoever adopted us is not the one we asked about. (One that
	 * died earlier shows as the end of the link.) */
	return getppid() == parent;
}

static enum err judge_folder(
    const struct stat *st, const char *path, struct sandbox_user user, struct diag *why)
{
	if (!S_ISDIR(st->st_mode)) {
		diag_set(why, _("%s is not a folder"), path);
		return ERR_DENIED;
	}
	if ((st->st_mode & S_IWOTH) != 0) {
		diag_set(
		    why, _("%s: everybody may write there (chmod o-w %s)"), path, path);
		return ERR_DENIED;
	}
	bool ours =
	    geteuid() == 0 ? st->st_uid == user.uid : access(path, W_OK | X_OK) == 0;
	if (!ours) {
		diag_set(why,
		    _("%s belongs to user %u, and we run as user %u (chown -R %u:%u %s, or "
		      "name another folder)"),
		    path, (unsigned)st->st_uid, (unsigned)user.uid, (unsigned)user.uid,
		    (unsigned)user.gid, path);
		return ERR_DENIED;
	}
	return OK;
}

enum err sandbox_make_folder(
    const char *path, mode_t mode, struct sandbox_user user, struct diag *why)
{
	struct stat st;
	enum err rc = ERR_IO;
	bool made = mkdir(path, mode) == 0;

	if (!made && errno != EEXIST) {
		diag_set(why, "%s: %s", path, strerror(errno));
		return ERR_IO;
	}
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | (made ? O_NOFOLLOW : 0));
	if (fd < 0 || fstat(fd, &st) != 0)
		diag_set(why, "%s: %s", path, strerror(errno));
	else if (made && geteuid() == 0 && fchown(fd, user.uid, user.gid) != 0)
		diag_set(why, "chown %s: %s", path, strerror(errno));
	else
		rc = made ? OK : judge_folder(&st, path, user, why);
	if (fd >= 0)
		(void)close(fd);
	return rc;
}
