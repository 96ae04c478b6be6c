/*
 * octets: numbers of 16 and 32 bits in network byte order, as binary protocols
 * have them.
 */
#ifndef XML_OCTETS_H
#define XML_OCTETS_H

#include <stdint.h>

/* The number in the two bytes at p. */
static inline unsigned
get16(const unsigned char *p)
{
	return (unsigned)p[0] << 8 | p[1];
}

/* The number in the four bytes at p. */
static inline uint32_t
get32(const unsigned char *p)
{
	return (uint32_t)get16(p) << 16 | get16(p + 2);
}

/* Write the low 16 bits of n to the two bytes at p. */
static inline void
put16(unsigned char *p, unsigned n)
{
	p[0] = n >> 8 & 0xff;
	p[1] = n & 0xff;
}

/* Write n to the four bytes at p. */
static inline void
put32(unsigned char *p, uint32_t n)
{
	put16(p, n >> 16);
	put16(p + 2, n & 0xffff);
}

#endif
