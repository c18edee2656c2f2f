/* SPDX-License-Identifier: ISC */
/*
 * What the processes of a pool know of each other: a shared file with one
 * slot per worker.
 *
 * Invariants: a slot's numbers are written by its worker alone, others read
 * and sum; there is no shared counter and no lock. The master claims a slot
 * at each spawn (a new incarnation, never used twice in the life of the
 * file) and clears it after waitpid(): what counts up is kept in an extra
 * record so that sums never go back, what is open (streams, addresses) is
 * gone with the worker. So a worker that dies at any instruction leaves
 * nothing wrong behind.
 *
 * A slot is claimed for a generation of workers (one per reload) and stays
 * that generation's while its worker is dead and waits to be started again;
 * only slots_release() gives it up. There is room for three generations: one
 * that runs and two that drain.
 *
 * `about` says what all this is: for whoever reads the file from outside. It
 * has one writer, the master; readers take a whole copy.
 *
 * The file is written whole under another name and renamed into place, never
 * truncated: who has mapped an older one keeps it. Where the directory
 * cannot be written it is a memfd; then only the pool itself can read it.
 */
#ifndef LEAT_POOL_SLOTS_H
#define LEAT_POOL_SLOTS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/ids.h"
#include "base/metrics.h"
#include "pool/slot.h"
#include "pool/slots_about.h"

struct slots;

/* How many slots a pool of so many workers gets, on a machine with so many
 * cores: later reloads may want more workers than the first did. */
unsigned slots_room(unsigned workers, unsigned cores);

/* The master's. path may be NULL (a memfd). NULL with errno set: the file
 * cannot be made. */
struct slots *slots_new(const char *path, unsigned count);
/* A worker's, from the descriptor it was started with (stays the caller's).
 * NULL with errno EPROTO: not such a file, or of another version. */
struct slots *slots_attach(int fd);
/* A master's that has executed itself: as slots_attach(), but descriptor and
 * path are the result's. */
struct slots *slots_adopt(int fd, const char *path);
/* Whether it had a path, and outsiders no longer find it there. */
bool slots_is_lost(const struct slots *slots);
/* For another program: only readers below may be called with it, and through
 * slots_at() nothing may be written. NULL: errno, EPROTO as above. */
struct slots *slots_open_readonly(const char *path);
/* Unmaps; the file stays. */
void slots_free(struct slots *slots);
/* Removes the file if it still is this one. */
void slots_unlink(struct slots *slots);

int slots_fd(const struct slots *slots);	   /* the master's; CLOEXEC */
const char *slots_path(const struct slots *slots); /* "": there is none */
unsigned slots_count(const struct slots *slots);
struct slot *slots_at(struct slots *slots, unsigned index);

/* The master's; also says which generation slots_owner_of() chooses from. */
void slots_set_about(struct slots *slots, const struct slots_about *about);
void slots_get_about(struct slots *slots, struct slots_about *about);

/* The master's: a new incarnation in an empty slot, state STARTING. */
uint32_t slots_claim(struct slots *slots, unsigned index, uint32_t generation);
/* The last one that was claimed. */
uint32_t slots_last_incarnation(const struct slots *slots);
/* The master's: the slot's worker is dead; another one of its generation
 * will take its place. */
void slots_clear(struct slots *slots, unsigned index);
/* The master's, in a file that is newer than the worker: it is known there
 * from now on, and no later incarnation is smaller. */
void slots_place(struct slots *slots, struct turn_place place,
		 uint32_t generation, int32_t pid);
/* The master's: cleared, and free for any generation. */
void slots_release(struct slots *slots, unsigned index);

/* All workers' counters, living and dead. */
void slots_sum(struct slots *slots, struct metrics *out);
/* Streams open in all workers. */
unsigned slots_open_streams(struct slots *slots);
/* Does this incarnation live? */
bool slots_is_alive(struct slots *slots, struct turn_place place);
/* A worker's, of its own slot, before it drains: this hash stays its own.
 * False: there is no room for it. */
bool slots_keep_name(struct slots *slots, unsigned index, uint64_t hash);
/* The worker to which a hash belongs: one that drains and has kept it, else
 * the one of the present generation that it names, so that one hash never
 * means two workers while some of them are started again. While none has been
 * ready it is the first generation. False: that has no slots. *owner has
 * incarnation 0 while its worker is dead or starts. */
bool slots_owner_of(struct slots *slots, uint64_t hash,
		    struct turn_place *owner);
/* No other slot of its generation stands before it. */
bool slots_is_first(struct slots *slots, unsigned index);
/* May the worker accept now? False when it has more than 4 open peers
 * above the mean of those that accept. */
bool slots_is_balanced(struct slots *slots, unsigned index);

/* One more open stream of this worker, unless all workers together have
 * `limit` already (0: no limit). Counted in its open_streams; as exact as
 * slots_address_acquire(). */
bool slots_stream_acquire(struct slots *slots, unsigned index, unsigned limit);
void slots_stream_release(struct slots *slots, unsigned index);

/* One more open stream for an address, unless all workers together have
 * `limit` already. Never admits too many; two that ask at the same instant
 * for the last place may both be refused. */
bool slots_address_acquire(struct slots *slots, unsigned index, uint64_t key,
			   unsigned limit);
void slots_address_release(struct slots *slots, unsigned index, uint64_t key);

#endif
