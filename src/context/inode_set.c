/* SPDX-License-Identifier: ISC */
#include "context/inode_set.h"

#include <stdint.h>

#include "base/memory.h"

struct place {
	dev_t device;
	ino_t inode; /* 0: free (no file system has an inode 0) */
};

/* Open addressing; never more than half full. */
struct inode_set {
	struct place *places;
	size_t cap; /* a power of two */
	size_t count;
};

struct inode_set *inode_set_new(void)
{
	struct inode_set *set = memory_zalloc(sizeof(*set));

	set->cap = 256;
	set->places = memory_zalloc(set->cap * sizeof(*set->places));
	return set;
}

void inode_set_free(struct inode_set *set)
{
	if (!set)
		return;
	memory_free(set->places);
	memory_free(set);
}

static bool insert(struct place *places, size_t cap, struct place place)
{
	uint64_t hash = ((uint64_t)place.inode * 0x9E3779B97F4A7C15u) ^
			((uint64_t)place.device << 7);
	size_t at = (size_t)(hash >> 20) & (cap - 1);

	while (places[at].inode != 0) {
		if (places[at].inode == place.inode &&
		    places[at].device == place.device)
			return false;
		at = (at + 1) & (cap - 1);
	}
	places[at] = place;
	return true;
}

static void grow(struct inode_set *set)
{
	size_t cap = set->cap * 2;
	struct place *places = memory_zalloc(cap * sizeof(*places));

	for (size_t i = 0; i < set->cap; i++)
		if (set->places[i].inode != 0)
			insert(places, cap, set->places[i]);
	memory_free(set->places);
	set->places = places;
	set->cap = cap;
}

bool inode_set_add(struct inode_set *set, const struct stat *status)
{
	struct place place = {status->st_dev, status->st_ino};

	if (set->count * 2 >= set->cap)
		grow(set);
	if (!insert(set->places, set->cap, place))
		return false;
	set->count++;
	return true;
}
