/* SPDX-License-Identifier: ISC */
/*
 * Intrusive doubly linked lists. A node that is in no list points at itself,
 * so removing it twice does no harm.
 */
#ifndef LEAT_BASE_LIST_H
#define LEAT_BASE_LIST_H

#include <stdbool.h>
#include <stddef.h>

struct list {
	struct list *prev;
	struct list *next;
};

#define LIST_ENTRY(node, type, member) \
	((type *)(void *)((char *)(node)-offsetof(type, member)))

static inline void list_init(struct list *list)
{
	list->prev = list;
	list->next = list;
}

static inline bool list_is_empty(const struct list *list)
{
	return list->next == list;
}

static inline void list_append(struct list *list, struct list *node)
{
	node->prev = list->prev;
	node->next = list;
	list->prev->next = node;
	list->prev = node;
}

static inline void list_remove(struct list *node)
{
	node->prev->next = node->next;
	node->next->prev = node->prev;
	list_init(node);
}

/* The first node, taken out; NULL when the list is empty. */
static inline struct list *list_shift(struct list *list)
{
	struct list *node = list->next;

	if (node == list)
		return NULL;
	list_remove(node);
	return node;
}

/* All nodes of `from` move to the end of `to`. */
static inline void list_splice(struct list *to, struct list *from)
{
	if (list_is_empty(from))
		return;
	from->next->prev = to->prev;
	to->prev->next = from->next;
	from->prev->next = to;
	to->prev = from->prev;
	list_init(from);
}

#endif
