/*
 * check: results that a caller has to look at.
 */
#ifndef XML_CHECK_H
#define XML_CHECK_H

/* Stands behind the declaration of a function whose failure shows nowhere but
 * in its result: the compiler warns of a call that drops it. */
#define MUST_CHECK	__attribute__((__warn_unused_result__))

#endif
