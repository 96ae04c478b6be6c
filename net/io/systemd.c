/* systemd: see systemd.h. */
#include <sys/types.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "net/io/systemd.h"
#include "xml/number.h"

int
systemd_given(void)
{
	const char	*pid = getenv("LISTEN_PID");
	const char	*fds = getenv("LISTEN_FDS");
	uint64_t	 who, n;

	/* The variables may be meant for a process that has started us. */
	if (pid == NULL || fds == NULL ||
	    number_read(pid, 1, INT32_MAX, &who) == -1 ||
	    (pid_t)who != getpid() || number_read(fds, 0, 1024, &n) == -1)
		return 0;
	return (int)n;
}

int
systemd_sockets(void)
{
	int	 n = systemd_given();

	unsetenv("LISTEN_PID");
	unsetenv("LISTEN_FDS");
	unsetenv("LISTEN_FDNAMES");
	return n;
}

void
systemd_ready(void)
{
	static const char	 ready[] = "READY=1";
	struct sockaddr_un	 sun = { .sun_family = AF_UNIX };
	const char		*path = getenv("NOTIFY_SOCKET");
	size_t			 len;
	int			 fd;

	if (path == NULL || (len = strlen(path)) < 2 ||
	    len >= sizeof(sun.sun_path))
		return;
	memcpy(sun.sun_path, path, len);
	if (*path == '@')	/* Linux: a name without a file */
		sun.sun_path[0] = '\0';
	if ((fd = socket(AF_UNIX, SOCK_DGRAM, 0)) == -1)
		return;
	sendto(fd, ready, sizeof(ready) - 1, MSG_NOSIGNAL,
	    (struct sockaddr *)&sun,
	    (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len));
	close(fd);
	unsetenv("NOTIFY_SOCKET");
}
