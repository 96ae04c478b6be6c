/*
 * share_status: what a run that goes on - a listener with -k, -L and -D - tells
 * `xcat -O list' of itself: through a Unix socket, to processes of its user.
 */
#ifndef NET_SHARE_SHARE_STATUS_H
#define NET_SHARE_SHARE_STATUS_H

struct app;
struct share_status;

/* Answer, if this is such a run: the loop of app exists.  NULL if it is none,
 * or cannot: -v says why, and the run goes on without. */
struct share_status *share_status_new(struct app *app);
/* The folder of its socket, for confine(); NULL for NULL. */
const char *share_status_where(const struct share_status *s);
/* The loop has ended: remove the socket.  NULL is fine. */
void	 share_status_free(struct share_status *s);

#endif
