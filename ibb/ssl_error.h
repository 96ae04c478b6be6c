/*
 * ssl_error: what OpenSSL's error queue says of the operation that failed.
 */
#ifndef IBB_SSL_ERROR_H
#define IBB_SSL_ERROR_H

/*
 * Take all errors off the queue of this thread.  Returns the last one, which
 * says what became of the operation, or 0 if there is none.  *starved is
 * whether any of them is a lack of memory: then that is the cause, even if
 * OpenSSL names another error last.
 */
unsigned long ssl_error_take(int *starved);

#endif
