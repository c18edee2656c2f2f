/* SPDX-License-Identifier: ISC */
#include "chat/registry.h"

#include "base/memory.h"
#include "chat/turn.h"

enum { FIRST_BUCKETS = 64, SECRET_LEN = 16 };

static struct turn **bucket_of(const struct registry *registry, struct slice id)
{
	uint64_t hash = ids_hash_from(registry->secret, id);

	/* The low bits alone depend on the low bits of the secret alone. */
	hash ^= hash >> 32;
	return &registry->buckets[hash & (registry->bucket_count - 1)];
}

void registry_init(struct registry *registry)
{
	char letters[SECRET_LEN + 1];

	ids_random(letters, SECRET_LEN);
	registry->secret = ids_hash(slice_of(letters));
	registry->bucket_count = FIRST_BUCKETS;
	registry->count = 0;
	registry->buckets =
	    memory_zalloc(FIRST_BUCKETS * sizeof *registry->buckets);
}

void registry_fini(struct registry *registry)
{
	memory_free(registry->buckets);
	registry->buckets = NULL;
}

static void grow(struct registry *registry)
{
	struct turn **old = registry->buckets;
	size_t old_count = registry->bucket_count;

	registry->bucket_count *= 2;
	registry->buckets =
	    memory_zalloc(registry->bucket_count * sizeof *registry->buckets);
	for (size_t i = 0; i < old_count; i++) {
		struct turn *turn = old[i];

		while (turn) {
			struct turn *next = turn->hash_next;
			struct turn **bucket =
			    bucket_of(registry, turn_id(turn));

			turn->hash_next = *bucket;
			*bucket = turn;
			turn = next;
		}
	}
	memory_free(old);
}

void registry_add(struct registry *registry, struct turn *turn)
{
	struct turn **bucket;

	if (registry->count++ >= registry->bucket_count)
		grow(registry);
	bucket = bucket_of(registry, turn_id(turn));
	turn->hash_next = *bucket;
	*bucket = turn;
}

void registry_remove(struct registry *registry, struct turn *turn)
{
	struct turn **at = bucket_of(registry, turn_id(turn));

	while (*at != turn)
		at = &(*at)->hash_next;
	*at = turn->hash_next;
	registry->count--;
}

struct turn *registry_find(const struct registry *registry, struct slice id)
{
	struct turn *turn = *bucket_of(registry, id);

	while (turn && !slice_equal(turn_id(turn), id))
		turn = turn->hash_next;
	return turn;
}
