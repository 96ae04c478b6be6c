/*
 * context: on whose behalf the program acts just now.
 *
 * A process may serve several runs of xcat over one login (net/share).  What a
 * callback says belongs to the run on whose behalf the callback was asked for:
 * so each table of callbacks (xml/iq.h, net/io/loop.h) keeps the context in
 * which an entry was made, and enters it again around the call.  The log
 * (net/io/log.h) asks for the context of each line.
 *
 * A context is a number that is never used again, so that it may outlive its
 * run.  0 is the process itself.
 */
#ifndef XML_CONTEXT_H
#define XML_CONTEXT_H

/* A number that no context has had yet. */
unsigned context_new(void);
/* The present context. */
unsigned context_now(void);
/* Enter this one.  Returns the context that is left, to be entered again. */
unsigned context_enter(unsigned context);

#endif
