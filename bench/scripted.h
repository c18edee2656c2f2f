/* SPDX-License-Identifier: ISC */
/*
 * What a request asks of the scripted upstream: taken from its bytes, without
 * any I/O. It understands as much HTTP and JSON as libcurl, nginx, Node and
 * PHP send, and no more.
 */
#ifndef BENCH_SCRIPTED_H
#define BENCH_SCRIPTED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SCRIPTED_MODEL_MAX   40
#define SCRIPTED_REQUEST_MAX (64 * 1024)
#define SCRIPTED_FRAMES_MAX  99999

enum script { SCRIPT_PACE, SCRIPT_CUT, SCRIPT_SKIP };

struct scripted_pace {
	enum script script;
	unsigned frames;
	uint64_t every_ns;
	uint64_t first_ns;
};

struct scripted {
	bool is_known; /* POST .../chat/completions over HTTP/1.1 */
	bool is_stream;
	bool wants_usage;
	struct scripted_pace pace;
	char model[SCRIPTED_MODEL_MAX];
};

enum scripted_result {
	SCRIPTED_MORE, /* the request is not whole yet */
	SCRIPTED_READY,
	SCRIPTED_INVALID
};

/* Reads one request. `bytes` ends with a zero byte after `len`. What the
 * model's name does not say is left in `out->pace` as it was. */
enum scripted_result scripted_read(struct scripted *out, const char *bytes,
				   size_t len);

#endif
