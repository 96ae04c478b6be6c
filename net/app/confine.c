/* confine: what a run gives up; see confine.h. */
#include <sys/types.h>
#include <sys/queue.h>

#include <dirent.h>
#include <limits.h>
#include <paths.h>
#include <resolv.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/x509.h>

#include "net/app/confine.h"
#include "net/channel/app.h"
#include "net/channel/forward_spec.h"
#include "net/channel/service.h"
#include "net/conf/conf.h"
#include "net/io/log.h"
#include "net/io/sandbox.h"

/* What may be needed at any time: the resolver's files, among them those that a
 * network manager replaces, certificates, what libraries load late, and how the
 * network is. */
static const char *const system_files[] = {
	"/etc", "/usr", "/lib", "/lib64", "/proc/self/net", "/dev/urandom",
	"/run/systemd/resolve", "/run/resolvconf", "/run/NetworkManager"
};

static void
allow_folder_of(struct sandbox *s, const char *path, enum sandbox_use use)
{
	char		 folder[PATH_MAX];
	const char	*slash;

	if ((slash = strrchr(path, '/')) == NULL)
		snprintf(folder, sizeof(folder), ".");
	else
		snprintf(folder, sizeof(folder), "%.*s",
		    slash == path ? 1 : (int)(slash - path), path);
	sandbox_allow(s, folder, use);
}

/* The folder of keys and known peers, and those of files that are elsewhere by
 * a symbolic link: they are replaced as well. */
static void
allow_own_folder(struct sandbox *s, const char *dir)
{
	char		 path[PATH_MAX], real[PATH_MAX];
	struct dirent	*e;
	DIR		*d;

	sandbox_allow(s, dir, SANDBOX_MAKE);
	if ((d = opendir(dir)) == NULL)
		return;
	while ((e = readdir(d)) != NULL) {
		snprintf(path, sizeof(path), "%s/%s", dir, e->d_name);
		if (e->d_type == DT_LNK && realpath(path, real) != NULL)
			allow_folder_of(s, real, SANDBOX_MAKE);
	}
	closedir(d);
}

/* What is already open, and may be opened once more (net/io/pump.c). */
static void
allow_standard(struct sandbox *s)
{
	char	 path[32];
	int	 fd;

	for (fd = 0; fd <= 2; fd++) {
		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		sandbox_allow(s, path, SANDBOX_WRITE);
	}
	sandbox_allow(s, _PATH_TTY, SANDBOX_WRITE);
	sandbox_allow(s, _PATH_DEVNULL, SANDBOX_WRITE);
}

/* Certificates are read when a server shows one, from folders in a list as PATH
 * is. */
static void
allow_certificates(struct sandbox *s)
{
	const char	*dirs = getenv(X509_get_default_cert_dir_env());
	char		 dir[PATH_MAX];
	size_t		 len;

	if (dirs == NULL)
		dirs = X509_get_default_cert_dir();
	for (; *dirs != '\0'; dirs += len + (dirs[len] == ':')) {
		len = strcspn(dirs, ":");
		if (len > 0 && len < sizeof(dir)) {
			snprintf(dir, sizeof(dir), "%.*s", (int)len, dirs);
			sandbox_allow(s, dir, SANDBOX_READ);
		}
	}
}

static void
allow_system(struct sandbox *s)
{
	char	 real[PATH_MAX];
	size_t	 i;

	for (i = 0; i < sizeof(system_files) / sizeof(*system_files); i++)
		sandbox_allow(s, system_files[i], SANDBOX_READ);
	if (realpath(_PATH_RESCONF, real) != NULL)
		allow_folder_of(s, real, SANDBOX_READ);
	allow_certificates(s);
}

/* A listening Unix socket is removed at the end. */
static void
allow_ports(struct sandbox *s, const struct conf *conf)
{
	struct conf_item	*item;
	struct forward_spec	 f;
	char			 why[FORWARD_ERR];

	STAILQ_FOREACH(item, &conf->forward, next)
		if (forward_spec(item->value, &f, why) == 0 && *f.where == '/')
			allow_folder_of(s, f.where, SANDBOX_SOCKETS);
	STAILQ_FOREACH(item, &conf->socks, next)
		if (*item->value == '/')
			allow_folder_of(s, item->value, SANDBOX_SOCKETS);
}

/* Of the clients of a shared login, nothing is known yet: they hand their files
 * over open, but their ports are opened here. */
static void
allow_sharing(struct sandbox *s)
{
	const char	*run = getenv("XDG_RUNTIME_DIR");

	sandbox_allow(s, "/", SANDBOX_SOCKETS);
	if (run != NULL)
		sandbox_allow(s, run, SANDBOX_MAKE);
}

static void
allow_options(struct sandbox *s, const struct app *app)
{
	const struct conf	*conf = &app->conf;
	size_t			 i;

	if (conf->path != NULL)
		sandbox_allow(s, conf->path, SANDBOX_READ);
	if (conf->dir != NULL)
		allow_own_folder(s, conf->dir);
	if (conf->password_file != NULL)
		sandbox_allow(s, conf->password_file, SANDBOX_READ);
	if (conf->receive != NULL)
		sandbox_allow(s, conf->receive, SANDBOX_MAKE);
	for (i = 0; i < app->nfiles; i++)
		sandbox_allow(s, app->files[i], SANDBOX_READ);
	allow_ports(s, conf);
	if (conf->share != 0)
		allow_sharing(s);
}

static void
tell(int given_up)
{
	if ((given_up & SANDBOX_FILES) != 0)
		log_line(LOG_DETAIL, "sandbox: no programs, and no files but "
		    "those that this run needs");
	else if ((given_up & SANDBOX_PROGRAMS) != 0)
		log_line(LOG_DETAIL, "sandbox: no programs; this system has "
		    "none for files");
	else
		log_line(LOG_DETAIL, "sandbox: this system has none");
}

/* Does it start commands?  That for the password may be asked again. */
static int
runs_commands(const struct app *app)
{
	return (app->services != NULL &&
	    services_run_commands(app->services)) ||
	    app->conf.password_command != NULL;
}

void
confine(struct app *app, const char *sockets)
{
	struct sandbox	*s;
	int		 given_up;

#ifdef NO_SANDBOX	/* sanitizers and gcov look into files at the end */
	return;
#endif
	if (!app->conf.sandbox)
		return;
	if (runs_commands(app)) {
		log_line(LOG_DETAIL, "sandbox: none, as commands are run");
		return;
	}
	if ((s = sandbox_new()) != NULL) {
		allow_system(s);
		allow_standard(s);
		allow_options(s, app);
		if (sockets != NULL)
			sandbox_allow(s, sockets, SANDBOX_SOCKETS);
	}
	given_up = sandbox_enter(s);
	app->confined = given_up != 0;
	tell(given_up);
}
