/*
 * systemd: its two small protocols, without its library: sockets handed over
 * (LISTEN_FDS, sd_listen_fds(3)) and readiness (NOTIFY_SOCKET, sd_notify(3)).
 */
#ifndef NET_IO_SYSTEMD_H
#define NET_IO_SYSTEMD_H

#define SYSTEMD_FIRST	3	/* descriptor of the first socket */

/* How many sockets we were given. */
int	 systemd_given(void);
/* As systemd_given().  Removes the variables of the protocol. */
int	 systemd_sockets(void);
/* Say that we are ready, if NOTIFY_SOCKET asks for it. */
void	 systemd_ready(void);

#endif
