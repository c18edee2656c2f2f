/* SPDX-License-Identifier: ISC */
/*
 * What the header of a slots file says of itself, so that another program
 * needs nothing else to show a pool.
 */
#ifndef LEAT_POOL_SLOTS_ABOUT_H
#define LEAT_POOL_SLOTS_ABOUT_H

#include <stdint.h>

enum slots_kind {
	SLOTS_POOL = 1, /* a master and its workers */
	SLOTS_ALONE	/* one process, started by a web server */
};

enum { SLOTS_TEXT_SIZE = 1024 };

struct slots_about {
	uint32_t kind; /* enum slots_kind */
	int32_t master_pid;
	/* The one that takes new requests; all its workers were ready. */
	uint32_t generation;
	uint32_t workers; /* wanted */
	uint32_t streams; /* limits of open streams; 0: none */
	uint32_t streams_per_worker;
	uint32_t streams_per_address;
	uint32_t reserved;
	uint64_t started_ms;		   /* wall clock; the pool */
	uint64_t reloaded_ms;		   /* wall clock; this generation */
	char version[32];		   /* of the master */
	char listen[SLOTS_TEXT_SIZE];	   /* addresses, ", " between */
	char config_path[SLOTS_TEXT_SIZE]; /* "": no file */
};

#endif
