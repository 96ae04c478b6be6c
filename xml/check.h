/*
 * check: results that a caller has to look at.
 */
#ifndef XML_CHECK_H
#define XML_CHECK_H

/* Behind the declaration of a function: the compiler complains about a call
 * that drops the result.  For functions whose failure shows nowhere else. */
#define MUST_CHECK	__attribute__((__warn_unused_result__))

#endif
