/* SPDX-License-Identifier: ISC */
#include "serve/alone_slots.h"

#include <config.h>
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "config/config.h"
#include "pool/descriptors.h"
#include "pool/listen_socket.h"
#include "pool/slots.h"

enum { PATH_SIZE = 4096, NAME_SIZE = 64 };

static const char prefix[] = "alone-";

static void name_for(char name[NAME_SIZE], pid_t pid)
{
	snprintf(name, NAME_SIZE, "%s%d.slots", prefix, (int)pid);
}

/* The process that has made a file of this name; 0: none of ours. Until it is
 * whole the file has a name that is longer by the process (slots_new()). */
static pid_t process_of(const char *name)
{
	char whole[NAME_SIZE];
	char unfinished[NAME_SIZE + 16];
	struct slice number = slice_of(name);
	uint64_t pid;

	if (!text_starts_with(number, prefix))
		return 0;
	number.data += sizeof prefix - 1;
	number.len = strspn(number.data, "0123456789");
	if (!text_parse_uint(number, &pid) || pid > INT32_MAX)
		return 0;
	name_for(whole, (pid_t)pid);
	snprintf(unfinished, sizeof unfinished, "%s.%d", whole, (int)pid);
	if (strcmp(name, whole) != 0 && strcmp(name, unfinished) != 0)
		return 0;
	return (pid_t)pid;
}

static void remove_dead(const char *folder)
{
	DIR *dir = opendir(folder);
	const struct dirent *entry;

	if (!dir)
		return;
	while ((entry = readdir(dir))) {
		pid_t pid = process_of(entry->d_name);

		if (pid > 0 && kill(pid, 0) != 0 && errno == ESRCH)
			unlinkat(dirfd(dir), entry->d_name, 0);
	}
	closedir(dir);
}

static void describe(struct slots *slots, const struct config *config)
{
	const struct config_limits *limits = &config->limits;
	struct slots_about about = {
	    .kind = SLOTS_ALONE,
	    .master_pid = (int32_t)getpid(),
	    .generation = 1,
	    .workers = 1,
	    .streams_per_worker = limits->streams_per_worker
				      ? limits->streams_per_worker
				      : descriptors_streams(),
	    .streams_per_address = limits->streams_per_address,
	    .started_ms = clock_wall_ms(&clock_system),
	    .version = PACKAGE_VERSION,
	};
	char listen[LISTEN_ADDRESS_SIZE];

	about.reloaded_ms = about.started_ms;
	listen_socket_describe(STDIN_FILENO, listen);
	snprintf(about.listen, sizeof about.listen, "%s", listen);
	if (config->path)
		snprintf(about.config_path, sizeof about.config_path, "%s",
			 config->path);
	slots_set_about(slots, &about);
}

struct slots *alone_slots_new(const struct config *config)
{
	struct slots *slots = NULL;
	char path[PATH_SIZE];
	char name[NAME_SIZE];

	/* Its last part, as a pool's master does. */
	mkdir(config->runtime_dir, 0755);
	name_for(name, getpid());
	if (snprintf(path, sizeof path, "%s/%s", config->runtime_dir, name) <
	    PATH_SIZE)
		slots = slots_new(path, 1);
	if (slots)
		remove_dead(config->runtime_dir);
	else
		slots = slots_new(NULL, 1);
	if (slots)
		describe(slots, config);
	return slots;
}
