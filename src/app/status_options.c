/* SPDX-License-Identifier: ISC */
#include "app/status_options.h"

#include <string.h>
#include <sys/stat.h>

#include "app/cli.h"
#include "base/clock.h"
#include "base/memory.h"
#include "config/config.h"

bool status_options_find(const struct status_options *options,
			 struct status_where *where)
{
	struct config *config;

	where->config = NULL;
	if (options->runtime_dir) {
		where->folder = memory_strdup(options->runtime_dir);
		return true;
	}
	config = cli_load_config(options->config_path, false);
	if (!config)
		return false;
	where->folder = memory_strdup(config->runtime_dir);
	where->config = memory_strdup(config->path);
	config_free(config);
	return true;
}

void status_options_forget(struct status_where *where)
{
	memory_free(where->folder);
	memory_free(where->config);
}

static bool is_same(const char *one, const char *other)
{
	struct stat a, b;

	return !strcmp(one, other) ||
	       (!stat(one, &a) && !stat(other, &b) && a.st_dev == b.st_dev &&
		a.st_ino == b.st_ino);
}

bool status_options_is_there(const struct status_where *where,
			     const struct pools *pools)
{
	for (unsigned i = 0; i < pools->count; i++)
		if (!where->config || pools->entries[i].problem[0] ||
		    is_same(pools->entries[i].view.about.config_path,
			    where->config))
			return true;
	return pools->count == 0;
}

struct pool_times status_options_now(void)
{
	return (struct pool_times){clock_monotonic_ms(&clock_system),
				   clock_wall_ms(&clock_system)};
}
