/*
 * mode: which mode the lists of ports make, and what of the configuration file
 * is for other modes than that of the run.  One file serves all runs: what is
 * in it for listeners does not stop a caller.  What was typed stays, for
 * main() to object to.
 */
#ifndef NET_APP_MODE_H
#define NET_APP_MODE_H

struct app;

/* Is this run one of -L, -D or -R?  What was typed makes it so, whatever the
 * mode; what is in the file, if no mode was typed: as ssh(1) has LocalForward
 * in ssh_config(5). */
int	 mode_forwards(const struct app *app);
/* Forget what is in the file for other modes than app->mode; the command line
 * has this number of operands. */
void	 mode_ignore(struct app *app, int operands);
/* What a run that calls or listens cannot be with; NULL: all is well.  To be
 * asked when mode_ignore() has been called. */
const char *mode_objection(const struct app *app, int operands);

#endif
