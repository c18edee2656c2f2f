/* SPDX-License-Identifier: ISC */
/*
 * How many descriptors this process may open, and what follows from that.
 */
#ifndef LEAT_POOL_DESCRIPTORS_H
#define LEAT_POOL_DESCRIPTORS_H

/* The soft limit becomes the hard one. Returns the limit; 0: not known. */
unsigned descriptors_raise(void);

/* How many streams the limit has room for: each may need a descriptor for
 * its reader and one for its upstream. */
unsigned descriptors_streams(void);

#endif
