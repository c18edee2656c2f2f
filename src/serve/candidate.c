/* SPDX-License-Identifier: ISC */
#include "serve/candidate.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/metrics.h"
#include "config/config.h"
#include "config/config_memory.h"
#include "serve/service.h"

static bool can_assemble(const struct config *config)
{
	struct metrics metrics = {0};
	const struct assemble_options options = {
	    .config = config, .metrics = &metrics, .self = {0, 1}};
	struct assembly assembly;
	struct fault fault = {0};

	signal(SIGPIPE, SIG_IGN);
	if (!assemble_init(&assembly, &options, &fault)) {
		printf("%s\n", fault.detail[0] ? fault.detail : fault.hint);
		return false;
	}
	assemble_fini(&assembly);
	return true;
}

static bool can_log(const struct config *config)
{
	if (service_open_log(config, "candidate"))
		return true;
	printf("the log %s cannot be opened: %s\n", config->log,
	       strerror(errno));
	return false;
}

bool candidate_run(const struct config_memory *memory)
{
	struct buffer problems;
	struct config *config;
	bool is_good;

	buffer_init(&problems, 64 << 10);
	config = config_memory_load(memory, NULL, &problems);
	fputs(buffer_string(&problems), stdout);
	buffer_fini(&problems);
	is_good = config && can_log(config) && can_assemble(config);
	config_free(config);
	return is_good;
}
