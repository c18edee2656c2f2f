/* SPDX-License-Identifier: ISC */
/*
 * Messages between the master and a worker: one SOCK_SEQPACKET pair each,
 * raw sendmsg() on a non-blocking descriptor, so that a message is whole or
 * not there, carries up to two descriptors, and a full socket is the flow
 * control.
 *
 * A request that another worker owns travels as the peer's descriptor and
 * the bytes read from it: inline up to CHANNEL_INLINE_MAX, else in a sealed
 * memfd as second descriptor.
 *
 *   worker -> master   READY, FAILED (why), FORWARD (owner, request),
 *                      TAKEN (id), REFUSED (id), LEAVE
 *   master -> worker   ADOPT (id, why, request), DRAIN (id: milliseconds),
 *                      BYE
 *
 * After an upgrade the two ends are different binaries: numbers and the
 * layout stay, new types go to the end.
 *
 * Every descriptor is CLOEXEC. What channel_receive() brought is the
 * caller's to close (channel_close()), also when the type is not expected.
 */
#ifndef LEAT_POOL_CHANNEL_H
#define LEAT_POOL_CHANNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/ids.h"
#include "base/slice.h"

enum {
	CHANNEL_INLINE_MAX = 8192,
	CHANNEL_BYTES_MAX = 256 << 20,
	CHANNEL_UNTAKEN_MAX = 64,  /* requests sent to one owner */
	CHANNEL_FAILED_STATUS = 78 /* EX_CONFIG of sysexits.h */
};

enum channel_type {
	CHANNEL_READY = 1,
	CHANNEL_FAILED,	 /* bytes: why this worker cannot start; it then
			  * exits with CHANNEL_FAILED_STATUS */
	CHANNEL_FORWARD, /* for `owner`; a request */
	CHANNEL_TAKEN,	 /* the adopted request `id` is being answered here */
	CHANNEL_REFUSED, /* it is not: no descriptor is left */
	CHANNEL_LEAVE,	 /* drained; route nothing here any more */
	CHANNEL_ADOPT,	 /* a request: `why` you */
	CHANNEL_BYE,	 /* nothing comes after this */
	CHANNEL_DRAIN	 /* a reload: streams may go on for so long */
};

enum channel_why { CHANNEL_WHY_OWN, CHANNEL_WHY_GONE, CHANNEL_WHY_BUSY };

struct channel_message {
	enum channel_type type;
	enum channel_why why;
	struct turn_place owner;
	uint64_t id;
	int peer_fd;	    /* -1: none */
	int memory_fd;	    /* -1: bytes are inline */
	size_t memory_len;  /* bytes in memory_fd */
	struct slice bytes; /* inline; in the receiver's buffer */
	bool lost_fds;	    /* received: there was no room for descriptors */
};

enum channel_result {
	CHANNEL_DONE,
	CHANNEL_AGAIN, /* the socket is full, or there is nothing to read */
	CHANNEL_LATER, /* the kernel is short of something: try in a while;
			* polling for room would not wait */
	CHANNEL_GONE,  /* the other end is closed */
	CHANNEL_BROKEN /* not a message of ours; it was dropped */
};

struct channel_buffer {
	char data[CHANNEL_INLINE_MAX + 64];
};

/* Two non-blocking CLOEXEC ends. */
bool channel_pair(int fds[2]);

/* An empty message of this type, without descriptors. */
struct channel_message channel_message(enum channel_type type);
/* Puts a request into the message: bytes are borrowed while they fit inline,
 * else copied into memory_fd. False (errno): no memfd could be made. */
bool channel_pack(struct channel_message *message, int peer_fd,
		  struct slice bytes);
/* A sealed memfd with these bytes; -1 with errno set. */
int channel_make_memory(struct slice bytes);
/* The request's bytes, wherever they are. *mapping (NULL: none) goes to
 * channel_unmap() with the bytes when they are no longer needed. */
bool channel_map(const struct channel_message *message, struct slice *bytes,
		 void **mapping);
void channel_unmap(void *mapping, struct slice bytes);

/* Descriptors stay the caller's. */
enum channel_result channel_send(int fd, const struct channel_message *message);
enum channel_result channel_receive(int fd, struct channel_message *message,
				    struct channel_buffer *buffer);
/* Closes the descriptors that the message has. */
void channel_close(struct channel_message *message);

#endif
