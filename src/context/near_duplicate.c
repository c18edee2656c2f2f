/* SPDX-License-Identifier: ISC */
#include "context/near_duplicate.h"

#include <stdlib.h>

#include "base/ids.h"

static int by_value(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y ? 1 : 0;
}

struct word_set near_duplicate_words(struct text_analysis *analysis,
				     struct slice text,
				     struct language language,
				     struct arena *arena)
{
	struct word_set set = {NULL, 0};
	struct token_list list;

	text_analysis_init_list(&list);
	text_analysis_index(analysis, text, language, &list);
	set.hashes = arena_alloc(arena, (list.count + 1) * sizeof(uint64_t));
	for (size_t i = 0; i < list.count; i++)
		set.hashes[i] = ids_hash(text_analysis_token(&list, i));
	qsort(set.hashes, list.count, sizeof(uint64_t), by_value);
	for (size_t i = 0; i < list.count; i++)
		if (set.count == 0 ||
		    set.hashes[i] != set.hashes[set.count - 1])
			set.hashes[set.count++] = set.hashes[i];
	text_analysis_fini_list(&list);
	return set;
}

double near_duplicate_likeness(struct word_set a, struct word_set b)
{
	size_t i = 0, k = 0, shared = 0;

	while (i < a.count && k < b.count) {
		if (a.hashes[i] < b.hashes[k]) {
			i++;
		} else if (a.hashes[i] > b.hashes[k]) {
			k++;
		} else {
			shared++;
			i++;
			k++;
		}
	}
	if (a.count + b.count == 0)
		return 1;
	return (double)shared / (double)(a.count + b.count - shared);
}
