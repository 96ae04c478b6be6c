/*
 * log: the words of xcat: every line on standard error, and the report of -z
 * and -K on standard output.
 *
 * Words may come from peers, servers, files and the command line.  The log
 * cleans each line as a whole (xml/text.h), so that no name in it can move the
 * cursor of a terminal, begin a line of its own or turn the direction of
 * writing; callers pass words as they are.
 */
#ifndef NET_IO_LOG_H
#define NET_IO_LOG_H

#include <sys/queue.h>

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

/* The importance of a line, and how much is printed (see log_set_level()). */
enum log_level {
	LOG_FAULT = -1,		/* always printed */
	LOG_EVENT = 0,		/* not with -q */
	LOG_DETAIL = 1,		/* with -v */
	LOG_TRACE = 2		/* with -vv */
};

/* What the lines on standard error are like. */
enum log_style {
	LOG_PLAIN,
	LOG_STAMPED,		/* each begins with the time */
	LOG_JSON		/* each is an object (net/io/log_json.h) */
};

/* What programs want to know of, too. */
enum log_kind {
	LOG_MESSAGE,		/* any other line */
	LOG_LISTENING,
	LOG_STREAM_OPENED,
	LOG_CARRIER,		/* the carrier of a stream has changed */
	LOG_STREAM_ENDED,
	LOG_FILE,		/* a file has been received */
	LOG_SERVER_LOST,
	LOG_SERVER_BACK,
	LOG_RELOADED,		/* the configuration was read anew */
	LOG_DRAINING,		/* no new streams: the listener ends with the
				 * last one that there is */
	LOG_PORT_OPENED,	/* for a caller (-R) */
	LOG_PORT_CLOSED
};

/* An event.  log_json.c has the members that each kind of event has; a NULL is
 * left out.  Words are as peers wrote them; secrets are never among them. */
struct log_event {
	enum log_kind	 kind;
	const char	*message;
	const char	*address;	/* ours, a full JID */
	const char	*key;		/* ours, SHA256:... */
	const char	*server;
	int		 resumed;	/* nothing was lost */
	const char	*peer;
	const char	*sid;
	const char	*service;
	const char	*port;		/* "[addr:]port" */
	const char	*carrier;	/* "in-band" or "socket" */
	const char	*way;		/* where a socket leads, for people */
	const char	*file;		/* its name, as the peer has it */
	const char	*as;		/* and here, if that differs */
	uint64_t	 in;		/* bytes received */
	uint64_t	 out;		/* bytes confirmed */
	uint64_t	 services, streams;	/* how many there are */
	int64_t		 ms;		/* that it took */
	int		 status;	/* as the exit status would be */
	const char	*reason;	/* for people */
};

/*
 * Where words go: to the standard error and output of this process, unless
 * there is a sink for the present context (xml/context.h).
 */
struct log_sink {
	int	 level;		/* see log_set_level() */
	int	 columns;	/* see log_columns() */
	/* Takes len bytes, one or more lines with their ends or a piece of one,
	 * for standard error or output, as fd says.  Returns 0, or -1 and
	 * errno. */
	int	 (*put)(void *arg, int level, int fd, const char *data,
		    size_t len);
	void	*arg;
	/* The log's own. */
	unsigned context;
	void	 (*before)(void *);
	void	*before_arg;
	LIST_ENTRY(log_sink) next;
};

/* Have what is said in the context go to this sink, which is zeroed but for the
 * members of its owner; for context 0, in place of this process's own standard
 * error and output.  What is said in a context without a sink goes to that of
 * context 0. */
void	 log_add_sink(struct log_sink *sink, unsigned context);
/* Use it no more.  It need not have been added. */
void	 log_remove_sink(struct log_sink *sink);

/* Print lines of this level and of those below it, in the present context; at
 * first, LOG_EVENT.  With LOG_TRACE each line begins with the time of day. */
void	 log_set_level(int level);
/* Print lines in this style from now on, in all contexts. */
void	 log_set_style(enum log_style style);
/* Is each line an object, so that events are told that text leaves out? */
int	 log_is_json(void);
/* Is standard error read later than it is written: is it neither a terminal
 * nor, as JOURNAL_STREAM says (systemd.exec(5)), the journal of systemd, which
 * has the time of each line? */
int	 log_is_kept(void);
/* Have before called, with arg, ahead of each line of the present context, to
 * clear what else is on the terminal.  NULL: there is nothing to clear. */
void	 log_set_before(void (*before)(void *arg), void *arg);
/* The columns of the terminal that standard error is, for what is no line
 * (net/file/progress.h); 0 if it is none, and -1 while another job has it. */
int	 log_columns(void);
/* Write len bytes that are no line to standard error.  0, or -1 and errno. */
int	 log_raw(const char *data, size_t len);

/* Write what another process has to say, len bytes, to standard error, or to
 * standard output if report.  0, or -1 and errno. */
int	 log_pass(int report, const char *data, size_t len);

/* Print "xcat: " and a line of printf's on standard error, with one write(2):
 * lines of several programs do not mix. */
void	 log_line(int level, const char *fmt, ...)
	    __attribute__((__format__(__printf__, 2, 3)));
/* log_line() with the arguments in ap. */
void	 log_vline(int level, const char *fmt, va_list ap)
	    __attribute__((__format__(__printf__, 2, 0)));

/* Tell of an event: by a line as log_line(), or as an object, which is printed
 * whatever the level, but for faults not with -q. */
void	 log_event(int level, const struct log_event *e, const char *fmt, ...)
	    __attribute__((__format__(__printf__, 3, 4)));

/* Print a line of printf's on standard output at once, without a prefix.
 * Returns 0, or -1 and errno. */
int	 log_report(const char *fmt, ...)
	    __attribute__((__format__(__printf__, 1, 2)));
/* log_report() with the arguments in ap. */
int	 log_vreport(const char *fmt, va_list ap)
	    __attribute__((__format__(__printf__, 1, 0)));

#endif
