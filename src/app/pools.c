/* SPDX-License-Identifier: ISC */
#include "app/pools.h"

#include <config.h>
#include <dirent.h>
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "pool/slots.h"

enum { PATH_SIZE = 4096 };

void pools_init(struct pools *pools)
{
	memset(pools, 0, sizeof *pools);
}

void pools_fini(struct pools *pools)
{
	for (unsigned i = 0; i < pools->count; i++)
		pool_view_fini(&pools->entries[i].view);
	memory_free(pools->entries);
	pools_init(pools);
}

/* Who may read it: the file is its owner's, and the group's. */
static void explain_access(char out[POOLS_PROBLEM_SIZE], const char *path)
{
	const struct passwd *user = NULL;
	const struct group *group = NULL;
	struct stat status;

	if (stat(path, &status) == 0) {
		user = getpwuid(status.st_uid);
		group = getgrgid(status.st_gid);
	}
	snprintf(out, POOLS_PROBLEM_SIZE,
		 "only root, the user %s and members of the group %s may look "
		 "at it",
		 user ? user->pw_name : "that runs leat",
		 group ? group->gr_name : "of that user");
}

static void explain(char out[POOLS_PROBLEM_SIZE], const char *path, int error)
{
	if (error == EACCES || error == EPERM)
		explain_access(out, path);
	else if (error == EPROTO)
		snprintf(out, POOLS_PROBLEM_SIZE,
			 "it is of another version of leat than this one "
			 "(" PACKAGE_VERSION
			 "): ask the program that runs there");
	else
		snprintf(out, POOLS_PROBLEM_SIZE, "it cannot be read: %s",
			 strerror(error));
}

/* The same file, not another of its name: a pool that was started again
 * begins to count anew. */
static const struct pool_view *view_before(const struct pools *before,
					   const char *name,
					   const struct slots_about *about)
{
	for (unsigned i = 0; i < before->count; i++) {
		const struct pools_entry *entry = &before->entries[i];

		if (!strcmp(entry->name, name) && !entry->problem[0] &&
		    entry->view.about.started_ms == about->started_ms &&
		    entry->view.about.master_pid == about->master_pid)
			return &entry->view;
	}
	return NULL;
}

static bool look_at(struct pools_entry *entry, const char *folder,
		    const struct pools *before, struct pool_times now)
{
	char path[PATH_SIZE];
	struct slots *slots;
	struct slots_about about;

	if (snprintf(path, sizeof path, "%s/%s", folder, entry->name) >=
	    PATH_SIZE)
		return false;
	slots = slots_open_readonly(path);
	if (!slots && errno == ENOENT)
		return false; /* gone since it was listed */
	if (!slots) {
		explain(entry->problem, path, errno);
		return true;
	}
	slots_get_about(slots, &about);
	pool_view_init(&entry->view, slots,
		       view_before(before, entry->name, &about), now);
	slots_free(slots);
	if (about.kind == SLOTS_ALONE && entry->view.state == POOL_DEAD) {
		pool_view_fini(&entry->view);
		return false;
	}
	return true;
}

static int is_slots(const struct dirent *entry)
{
	static const char ending[] = ".slots";
	size_t len = strlen(entry->d_name);

	return len >= sizeof ending && len < POOLS_NAME_SIZE &&
	       !strcmp(entry->d_name + len - (sizeof ending - 1), ending);
}

static bool is_alone(const struct pools_entry *entry)
{
	return !entry->problem[0] && entry->view.about.kind == SLOTS_ALONE;
}

static int compare(const void *a, const void *b)
{
	const struct pools_entry *one = a;
	const struct pools_entry *other = b;

	if (is_alone(one) != is_alone(other))
		return is_alone(one) - is_alone(other);
	if (is_alone(one) &&
	    one->view.about.master_pid != other->view.about.master_pid)
		return one->view.about.master_pid < other->view.about.master_pid
			   ? -1
			   : 1;
	return strcmp(one->name, other->name);
}

static void look_at_all(struct pools *pools, const char *folder,
			const struct pools *before, struct pool_times now)
{
	struct dirent **names = NULL;
	int count = scandir(folder, &names, is_slots, alphasort);

	if (count < 0) {
		snprintf(pools->problem, sizeof pools->problem, "%s",
			 errno == ENOENT ? "it does not exist"
					 : strerror(errno));
		return;
	}
	pools->entries =
	    memory_zalloc(((size_t)count + 1) * sizeof *pools->entries);
	for (int i = 0; i < count; i++) {
		struct pools_entry *entry = &pools->entries[pools->count];

		if (pools->count < POOLS_MAX) {
			memset(entry, 0, sizeof *entry);
			snprintf(entry->name, sizeof entry->name, "%s",
				 names[i]->d_name);
			pools->count += look_at(entry, folder, before, now);
		}
		free(names[i]);
	}
	free(names);
	qsort(pools->entries, pools->count, sizeof *pools->entries, compare);
}

void pools_look(struct pools *pools, const char *folder, struct pool_times now)
{
	struct pools before = *pools;

	pools_init(pools);
	look_at_all(pools, folder, &before, now);
	pools_fini(&before);
}

bool pools_is_unsure(const struct pools *pools)
{
	for (unsigned i = 0; i < pools->count; i++)
		if (!pools->entries[i].problem[0] &&
		    pool_view_is_unsure(&pools->entries[i].view))
			return true;
	return false;
}

int pools_status(const struct pools *pools)
{
	for (unsigned i = 0; i < pools->count; i++)
		if (pools->entries[i].problem[0] ||
		    pools->entries[i].view.state != POOL_RUNNING)
			return 1;
	return pools->count == 0;
}
