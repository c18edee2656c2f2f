/* SPDX-License-Identifier: ISC */
#include "context/file_list.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/memory.h"
#include "base/text.h"
#include "context/inode_set.h"

enum { FILES_MAX = 2000000, DEPTH_MAX = 100 };

void file_list_init(struct file_list *list)
{
	memset(list, 0, sizeof(*list));
	arena_init(&list->arena);
	list->seen = inode_set_new();
}

void file_list_fini(struct file_list *list)
{
	inode_set_free(list->seen);
	memory_free(list->links);
	memory_free(list->files);
	arena_fini(&list->arena);
}

enum file_kind file_list_kind(const char *name)
{
	static const struct {
		const char *ending;
		enum file_kind kind;
	} endings[] = {{"html", FILE_HTML},    {"htm", FILE_HTML},
		       {"xhtml", FILE_HTML},   {"shtml", FILE_HTML},
		       {"md", FILE_MARKDOWN},  {"markdown", FILE_MARKDOWN},
		       {"mkd", FILE_MARKDOWN}, {"txt", FILE_TEXT},
		       {"text", FILE_TEXT},    {"rst", FILE_TEXT}};
	const char *dot = strrchr(name, '.');

	for (size_t i = 0; dot && i < sizeof(endings) / sizeof(endings[0]); i++)
		if (text_equal_nocase(slice_of(dot + 1), endings[i].ending))
			return endings[i].kind;
	return FILE_OTHER;
}

bool file_list_set_root(struct file_list *list, const char *root,
			struct fault *fault)
{
	char *real;

	list->root = NULL;
	if (!root)
		return true;
	real = realpath(root, NULL);
	if (!real)
		return fault_set_hint(fault, ERROR_BAD_REQUEST,
				      "The root folder cannot be opened: %s.",
				      strerror(errno));
	list->root = arena_strdup(&list->arena, strcmp(real, "/") ? real : "");
	free(real);
	return true;
}

static void skip(struct file_list *list, const char *name, const char *reason)
{
	if (list->on_skipped)
		list->on_skipped(list->state, name, reason);
}

static struct listed_file *add_file(struct file_list *list, const char *path,
				    const char *relative)
{
	struct listed_file *file;

	if (list->count == list->cap) {
		list->cap = list->cap ? list->cap * 2 : 256;
		list->files =
		    memory_realloc(list->files, list->cap * sizeof(*file));
	}
	file = &list->files[list->count++];
	file->path = path;
	file->relative = relative;
	file->base = list->base;
	file->kind = file_list_kind(path);
	return file;
}

static void add_link(struct file_list *list, const char *path,
		     const char *relative)
{
	struct listed_file *link = arena_alloc(&list->arena, sizeof(*link));

	if (list->link_count == list->link_cap) {
		list->link_cap = list->link_cap ? list->link_cap * 2 : 32;
		list->links = memory_realloc(
		    list->links,
		    list->link_cap * sizeof(const struct listed_file *));
	}
	link->path = path;
	link->relative = relative;
	link->base = list->base;
	list->links[list->link_count++] = link;
}

static int not_hidden(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static int by_bytes(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static char *join(struct file_list *list, const char *folder, const char *name)
{
	size_t len = strlen(folder);

	if (len == 0)
		return arena_strdup(&list->arena, name);
	return arena_printf(&list->arena, "%s%s%s", folder,
			    folder[len - 1] == '/' ? "" : "/", name);
}

static void walk(struct file_list *list, const char *path, const char *relative,
		 int depth);

static void visit(struct file_list *list, const char *path,
		  const char *relative, int depth)
{
	struct stat status;

	if (lstat(path, &status) < 0) {
		skip(list, path, strerror(errno));
		return;
	}
	if (S_ISLNK(status.st_mode)) {
		add_link(list, path, relative);
	} else if (S_ISDIR(status.st_mode)) {
		if (inode_set_add(list->seen, &status))
			walk(list, path, relative, depth + 1);
	} else if (file_list_kind(path) != FILE_OTHER) {
		if (!S_ISREG(status.st_mode))
			skip(list, path, "not a regular file");
		else if (list->count >= FILES_MAX)
			skip(list, path, "there are too many files");
		else if (inode_set_add(list->seen, &status))
			add_file(list, path, relative);
	}
}

static void walk(struct file_list *list, const char *path, const char *relative,
		 int depth)
{
	struct dirent **entries;
	int count;

	if (list->cancelled && atomic_load(list->cancelled))
		return;
	if (depth > DEPTH_MAX) {
		skip(list, path, "folders are nested too deeply");
		return;
	}
	count = scandir(path, &entries, not_hidden, by_bytes);
	if (count < 0) {
		skip(list, path, strerror(errno));
		return;
	}
	for (int i = 0; i < count; i++) {
		visit(list, join(list, path, entries[i]->d_name),
		      join(list, relative, entries[i]->d_name), depth);
		free(entries[i]);
	}
	free(entries);
}

/* The path below the root of a path given by the user; NULL: not below. */
static const char *below_root(struct file_list *list, const char *path,
			      bool is_folder)
{
	const char *name = strrchr(path, '/');
	char *folder =
	    is_folder ? arena_strdup(&list->arena, path)
	    : name && name > path
		? arena_strndup(&list->arena, path, (size_t)(name - path))
		: arena_strdup(&list->arena, name ? "/" : ".");
	char *real = realpath(folder, NULL);
	const char *relative = NULL;
	size_t len = list->root ? strlen(list->root) : 0;

	name = name ? name + 1 : path;
	if (real && !list->root)
		relative = "";
	else if (real && !strncmp(real, list->root, len) &&
		 (real[len] == '/' || real[len] == '\0'))
		relative =
		    arena_strdup(&list->arena, real + len + (real[len] == '/'));
	free(real);
	return relative && !is_folder ? join(list, relative, name) : relative;
}

bool file_list_add(struct file_list *list, const char *path,
		   struct fault *fault)
{
	const char *relative;
	struct stat status;
	bool is_folder;

	if (stat(path, &status) < 0)
		return fault_set_hint(fault, ERROR_BAD_REQUEST, "%.100s: %s.",
				      path, strerror(errno));
	is_folder = S_ISDIR(status.st_mode);
	relative = below_root(list, path, is_folder);
	if (!relative)
		return fault_set_hint(
		    fault, ERROR_BAD_REQUEST,
		    "%.80s is not below the root folder and has no public "
		    "address.",
		    path);
	path = arena_strdup(&list->arena, path);
	if (!inode_set_add(list->seen, &status))
		return true; /* named twice, or inside another one */
	if (is_folder)
		walk(list, path, relative, 0);
	else if (file_list_kind(path) == FILE_OTHER)
		skip(list, path, "not a kind of document that leat reads");
	else
		add_file(list, path, relative);
	return true;
}

static void follow(struct file_list *list, const struct listed_file *link)
{
	struct stat status;

	if (stat(link->path, &status) < 0) {
		if (errno == ELOOP || file_list_kind(link->path) != FILE_OTHER)
			skip(list, link->path,
			     errno == ELOOP ? "a symbolic link to itself"
					    : "a symbolic link to nothing");
		return;
	}
	if (S_ISREG(status.st_mode) && file_list_kind(link->path) == FILE_OTHER)
		return;
	/* Another name of a page is no news; a folder that is not walked
	 * again may be. */
	if (!inode_set_add(list->seen, &status)) {
		if (S_ISDIR(status.st_mode))
			skip(list, link->path,
			     "a symbolic link to what was read already");
		return;
	}
	if (S_ISDIR(status.st_mode))
		walk(list, link->path, link->relative, 0);
	else if (S_ISREG(status.st_mode))
		add_file(list, link->path, link->relative);
}

void file_list_complete(struct file_list *list)
{
	/* Walking a linked folder may find more links. */
	for (size_t i = 0; i < list->link_count; i++) {
		list->base = list->links[i]->base;
		follow(list, list->links[i]);
	}
}
