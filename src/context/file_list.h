/* SPDX-License-Identifier: ISC */
/*
 * Which files there are to index: folders are walked in the order of names,
 * hidden files and folders are left out, symbolic links come last and only
 * where they lead to something new, so that no loop is endless and no page
 * appears twice.
 */
#ifndef LEAT_CONTEXT_FILE_LIST_H
#define LEAT_CONTEXT_FILE_LIST_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/error.h"

enum file_kind { FILE_OTHER, FILE_HTML, FILE_MARKDOWN, FILE_TEXT };

struct listed_file {
	const char *path;     /* to open it, and to name it to the user */
	const char *relative; /* below the root */
	const char *base;     /* the list's when it was found */
	enum file_kind kind;
};

struct inode_set;

struct file_list {
	struct arena arena; /* of all names */
	struct listed_file *files;
	size_t count;
	size_t cap;
	const char *root; /* real path; NULL: each folder added is one */
	const char *base; /* the root's public address, for what is added next;
			   * borrowed */
	void (*on_skipped)(void *state, const char *name, const char *reason);
	void *state;
	const atomic_bool *cancelled;
	struct inode_set *seen;
	const struct listed_file **links;
	size_t link_count;
	size_t link_cap;
};

void file_list_init(struct file_list *list);
void file_list_fini(struct file_list *list);
/* The folder that the public address shows, for what is added next (NULL:
 * each folder itself). False and bad_request when there is none. */
bool file_list_set_root(struct file_list *list, const char *root,
			struct fault *fault);
/* A folder or a file. False and bad_request when it is not there or not
 * below the root; what is unreadable inside is skipped. */
bool file_list_add(struct file_list *list, const char *path,
		   struct fault *fault);
/* Follows the links seen by then. */
void file_list_complete(struct file_list *list);
enum file_kind file_list_kind(const char *name);

#endif
