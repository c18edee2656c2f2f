/* SPDX-License-Identifier: ISC */
/*
 * Turn ids. One that leat made is "t_" and 30 letters and digits: the slot
 * and the incarnation (a number never used twice) of the worker that owns
 * the turn, and 131 random bits; knowing it is the right to read and to stop
 * the turn. One that a client chose is 16 to 64 characters of A-Za-z0-9_-,
 * does not begin with "t_", and belongs to the worker that its hash names.
 */
#ifndef LEAT_BASE_IDS_H
#define LEAT_BASE_IDS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"

enum { IDS_TURN_LEN = 32, IDS_TURN_MAX = 64, IDS_CLIENT_MIN = 16 };

struct turn_place {
	uint16_t slot;
	uint32_t incarnation;
};

/* Writes IDS_TURN_LEN characters and a terminator. Random bits come from
 * getrandom(2); aborts when the kernel has none. */
void ids_make_turn(char out[IDS_TURN_LEN + 1], struct turn_place place);
/* True when the id has the form of ids_make_turn(); *place is its owner. */
bool ids_read_turn(struct slice id, struct turn_place *place);
/* A form that a client may choose (and that is not ours). */
bool ids_is_client_turn(struct slice id);
/* "{turn}.{n}" as in an SSE id or Last-Event-ID. */
bool ids_read_event(struct slice id, struct slice *turn, uint32_t *n);
/* Letters and digits from getrandom(2); out has room for len + 1. */
void ids_random(char *out, unsigned len);
uint64_t ids_hash(struct slice data); /* FNV-1a, 64 bits: not for secrets */
/* The same from another start, for tables whose keys a stranger chooses. */
uint64_t ids_hash_from(uint64_t start, struct slice data);

#endif
