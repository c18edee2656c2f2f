/* SPDX-License-Identifier: ISC */
#include "context/word_weights.h"

#include "base/ids.h"
#include "base/memory.h"

/* A question has some ten words: this holds the last few hundred questions. */
enum { WEIGHTS_SLOTS = 4096 };

struct weight {
	uint64_t hash; /* of the word; 0: an empty slot */
	double idf;
};

struct word_weights {
	struct weight slots[WEIGHTS_SLOTS];
};

struct word_weights *word_weights_new(void)
{
	return memory_zalloc(sizeof(struct word_weights));
}

void word_weights_free(struct word_weights *weights)
{
	memory_free(weights);
}

void word_weights_put(struct word_weights *weights, struct slice word,
		      double idf)
{
	uint64_t hash = ids_hash(word);
	struct weight *weight = &weights->slots[hash % WEIGHTS_SLOTS];

	weight->hash = hash;
	weight->idf = idf;
}

double word_weights_get(const struct word_weights *weights, struct slice word,
			double unknown)
{
	uint64_t hash = ids_hash(word);
	const struct weight *weight;

	if (!weights)
		return unknown;
	weight = &weights->slots[hash % WEIGHTS_SLOTS];
	return weight->hash == hash && hash != 0 ? weight->idf : unknown;
}
