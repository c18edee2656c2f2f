/* SPDX-License-Identifier: ISC */
#include "pool/worker_args.h"

#include <fcntl.h>
#include <getopt.h>
#include <stdint.h>
#include <string.h>

#include "base/text.h"

enum {
	SLOT,
	INCARNATION,
	CHANNEL,
	SLOTS,
	CONFIG_FD,
	FIRST_CONFIG_FD,
	CONFIG,
	LISTEN
};

static bool read_number(const char *text, uint64_t max, uint64_t *value)
{
	return text_parse_uint(slice_of(text), value) && *value <= max;
}

static bool read_fd(const char *text, int *fd)
{
	uint64_t value;

	if (!read_number(text, INT32_MAX, &value))
		return false;
	*fd = (int)value;
	return fcntl(*fd, F_SETFD, FD_CLOEXEC) == 0;
}

static bool read_listener(struct worker_args *args, const char *text)
{
	struct listen_socket socket;

	if (args->listener_count == LISTEN_MAX ||
	    !listen_parse(&socket, text, NULL) ||
	    fcntl(socket.fd, F_SETFD, FD_CLOEXEC) != 0)
		return false;
	args->listeners[args->listener_count++] = text;
	return true;
}

static bool read_one(struct worker_args *args, int option, const char *text)
{
	uint64_t value;

	switch (option) {
	case SLOT:
		if (!read_number(text, UINT16_MAX, &value))
			return false;
		args->place.slot = (uint16_t)value;
		return true;
	case INCARNATION:
		if (!read_number(text, UINT32_MAX, &value))
			return false;
		args->place.incarnation = (uint32_t)value;
		return true;
	case CHANNEL:
		return read_fd(text, &args->channel_fd);
	case SLOTS:
		return read_fd(text, &args->slots_fd);
	case CONFIG_FD:
		return read_fd(text, &args->config_fd);
	case FIRST_CONFIG_FD:
		return read_fd(text, &args->first_config_fd);
	case CONFIG:
		args->config_path = text;
		return true;
	case LISTEN:
		return read_listener(args, text);
	default:
		return false;
	}
}

bool worker_args_read(struct worker_args *args, int argc, char **argv)
{
	static const struct option options[] = {
	    {"slot", required_argument, NULL, SLOT},
	    {"incarnation", required_argument, NULL, INCARNATION},
	    {"channel", required_argument, NULL, CHANNEL},
	    {"slots", required_argument, NULL, SLOTS},
	    {"config-fd", required_argument, NULL, CONFIG_FD},
	    {"first-config-fd", required_argument, NULL, FIRST_CONFIG_FD},
	    {"config", required_argument, NULL, CONFIG},
	    {"listen", required_argument, NULL, LISTEN},
	    {NULL, 0, NULL, 0},
	};
	int option;

	memset(args, 0, sizeof *args);
	args->channel_fd = -1;
	args->slots_fd = -1;
	args->config_fd = -1;
	args->first_config_fd = -1;
	opterr = 0;
	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1)
		if (!read_one(args, option, optarg))
			return false;
	return optind == argc && args->place.incarnation != 0 &&
	       args->channel_fd >= 0 && args->slots_fd >= 0 &&
	       args->listener_count > 0 &&
	       (args->config_fd < 0 || args->config_path);
}
