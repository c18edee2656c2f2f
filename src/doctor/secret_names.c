/* SPDX-License-Identifier: ISC */
#include "doctor/secret_names.h"

#include <string.h>

#include "base/memory.h"
#include "base/text.h"

enum { FOLDERS_MAX = 6, URL_MAX = 2048 };

static const struct {
	const char *name;
	enum secret_kind kind;
} usual[] = {
    {"leat.conf", SECRET_CONFIG},
    {"leat.conf~", SECRET_CONFIG},
    {"leat.conf.bak", SECRET_CONFIG},
    {"leat.conf.old", SECRET_CONFIG},
    {"leat.conf.save", SECRET_CONFIG},
    {"leat.conf.txt", SECRET_CONFIG},
    {".leat.conf", SECRET_CONFIG},
    {"site.db", SECRET_INDEX},
    {"leat.db", SECRET_INDEX},
    {"index.db", SECRET_INDEX},
    {"streams.db", SECRET_INDEX},
    {"openai.key", SECRET_KEY},
    {"anthropic.key", SECRET_KEY},
    {"leat.key", SECRET_KEY},
    {"api.key", SECRET_KEY},
    {"key", SECRET_KEY},
    {"key.txt", SECRET_KEY},
    {".env", SECRET_ENVIRONMENT},
    {".env.local", SECRET_ENVIRONMENT},
    {".env.production", SECRET_ENVIRONMENT},
    {".env.bak", SECRET_ENVIRONMENT},
    {".htpasswd", SECRET_PASSWORDS},
    {"leat.log", SECRET_LOG},
    {"leat.pid", SECRET_PID},
    {"leat.sock.slots", SECRET_SLOTS},
    {"run/leat.sock.slots", SECRET_SLOTS},
};

struct folders {
	char paths[FOLDERS_MAX][URL_MAX]; /* begin and end with "/" */
	size_t count;
};

/* Kept beside the names: where to look. */
struct list_of_names {
	struct secret_names names;
	char *site;
	struct folders folders;
};

static void add_folder(struct folders *folders, const char *path)
{
	size_t len = strlen(path);

	if (folders->count == FOLDERS_MAX || len + 2 > URL_MAX)
		return;
	for (size_t i = 0; i < folders->count; i++)
		if (!strncmp(folders->paths[i], path, len) &&
		    !strcmp(folders->paths[i] + len, "/"))
			return;
	memcpy(folders->paths[folders->count], path, len);
	memcpy(folders->paths[folders->count] + len, "/", 2);
	folders->count++;
}

struct secret_names *secret_names_new(const char *site, const char *mount)
{
	struct list_of_names *list = memory_zalloc(sizeof(*list));
	char *parent = memory_strdup(mount);

	list->site = memory_strdup(site);
	add_folder(&list->folders, "");
	add_folder(&list->folders, mount);
	for (char *slash; (slash = strrchr(parent, '/')) && slash > parent;) {
		*slash = '\0';
		add_folder(&list->folders, parent);
	}
	add_folder(&list->folders, "/leat");
	add_folder(&list->folders, "/cgi-bin");
	memory_free(parent);
	return &list->names;
}

void secret_names_free(struct secret_names *names)
{
	struct list_of_names *list = (struct list_of_names *)names;

	if (!names)
		return;
	for (size_t i = 0; i < names->count; i++)
		memory_free(names->items[i].url);
	memory_free(list->site);
	memory_free(list);
}

static void add(struct list_of_names *list, const char *folder,
		const char *name, struct secret_name what)
{
	struct secret_names *names = &list->names;
	struct buffer url;

	if (names->count == SECRET_NAMES_MAX)
		return;
	buffer_init(&url, URL_MAX);
	buffer_append_string(&url, list->site);
	buffer_append_string(&url, folder);
	text_percent_encode(&url, slice_of(name), "/~");
	if (!url.overflowed) {
		what.url = buffer_detach(&url);
		names->items[names->count++] = what;
	}
	buffer_fini(&url);
}

void secret_names_add_usual(struct secret_names *names)
{
	struct list_of_names *list = (struct list_of_names *)names;

	for (size_t i = 0; i < list->folders.count; i++)
		for (size_t n = 0; n < sizeof(usual) / sizeof(*usual); n++)
			add(list, list->folders.paths[i], usual[n].name,
			    (struct secret_name){.expected = usual[n].kind});
}

void secret_names_add_file(struct secret_names *names,
			   const struct secret_file *file)
{
	struct list_of_names *list = (struct list_of_names *)names;

	/* The site's root and the mount; other folders would be guesses. */
	for (const char *tail = strrchr(file->path, '/'); tail; tail--) {
		if (*tail == '/')
			for (size_t i = 0; i < list->folders.count && i < 2;
			     i++)
				add(list, list->folders.paths[i], tail + 1,
				    (struct secret_name){
					.expected = SECRET_FILE, .file = file});
		if (tail == file->path)
			break;
	}
}
