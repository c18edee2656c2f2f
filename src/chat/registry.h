/* SPDX-License-Identifier: ISC */
/*
 * Turns by id: a hash table of pointers that turns hold the chains of. Clients
 * may choose ids, so where one goes depends on a number that nobody knows:
 * otherwise they could put all of theirs into one chain.
 */
#ifndef LEAT_CHAT_REGISTRY_H
#define LEAT_CHAT_REGISTRY_H

#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

struct turn;

struct registry {
	struct turn **buckets;
	size_t bucket_count; /* a power of two */
	size_t count;
	uint64_t secret;
};

void registry_init(struct registry *registry);
void registry_fini(struct registry *registry);
void registry_add(struct registry *registry, struct turn *turn);
void registry_remove(struct registry *registry, struct turn *turn);
struct turn *registry_find(const struct registry *registry, struct slice id);

#endif
