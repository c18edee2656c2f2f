/* SPDX-License-Identifier: ISC */
#include "app/status_options.h"

#include "app/cli.h"
#include "base/clock.h"
#include "base/memory.h"
#include "config/config.h"

char *status_options_folder(const struct status_options *options)
{
	struct config *config;
	char *folder;

	if (options->runtime_dir)
		return memory_strdup(options->runtime_dir);
	config = cli_load_config(options->config_path, false);
	if (!config)
		return NULL;
	folder = memory_strdup(config->runtime_dir);
	config_free(config);
	return folder;
}

struct pool_times status_options_now(void)
{
	return (struct pool_times){clock_monotonic_ms(&clock_system),
				   clock_wall_ms(&clock_system)};
}
