/* SPDX-License-Identifier: ISC */
/*
 * How many descriptors this process may open, and what follows from that; and
 * those that it should have found.
 */
#ifndef LEAT_POOL_DESCRIPTORS_H
#define LEAT_POOL_DESCRIPTORS_H

/* Standard input, output and error that whoever started us has closed (a
 * FastCGI program's may be, by its specification) are taken, so that nothing
 * that is opened later gets their numbers, and with them the log's lines.
 * Reading or writing there fails, as it would have. */
void descriptors_fill(void);

/* The soft limit becomes the hard one. Returns the limit; 0: not known. */
unsigned descriptors_raise(void);

/* How many streams the limit has room for: each may need a descriptor for
 * its reader and one for its upstream, and the process needs some itself. */
unsigned descriptors_streams(void);

#endif
