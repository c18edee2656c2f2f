/* SPDX-License-Identifier: ISC */
/*
 * The probes: each asks the site something and writes down what it measured.
 * None of them sends a question to a model, and none needs anything but the
 * address; what the numbers mean is for the judges.
 */
#ifndef LEAT_DOCTOR_PROBE_H
#define LEAT_DOCTOR_PROBE_H

#include "doctor/doctor.h"
#include "doctor/visit.h"

struct json;

enum { PROBE_DEADLINE_MS = 10000 };

struct probe {
	struct visitor visitor;
	const struct doctor_options *options;
	struct measures *measures;
};

/* Fills in url, base and site; false: it is no address of http or https. */
bool probe_reach_read_url(struct probe *probe);
/* Is leat there: at the address, or at a usual mount below it. */
void probe_reach(struct probe *probe);

void probe_stream_plain(struct probe *probe);
void probe_stream_gzip(struct probe *probe);
void probe_stream_http2(struct probe *probe);
void probe_stream_together(struct probe *probe);
void probe_stream_long(struct probe *probe);

void probe_request_headers(struct probe *probe);
void probe_request_origin(struct probe *probe);
void probe_request_chunked(struct probe *probe);
void probe_body(struct probe *probe);

void probe_secrets(struct probe *probe);

/* Silence, in the background: start it early, end it late. */
struct probe_idle;
struct probe_idle *probe_idle_start(struct probe *probe);
void probe_idle_end(struct probe_idle *idle);

/* Leaves a stream, and asks the server later whether it noticed. */
struct probe_leaving;
struct probe_leaving *probe_leaving_start(struct probe *probe, bool is_silent);
void probe_leaving_end(struct probe_leaving *leaving, unsigned patience_ms);

/* base + "/" + path, for a visit. */
void probe_url(const struct probe *probe, const char *path,
	       char out[MEASURE_URL_SIZE]);
/* What there is of it, cut where the room ends; "" where there is none. */
void probe_copy_header(const struct http_response *response, const char *name,
		       char out[MEASURE_TEXT_SIZE]);
void probe_copy_string(const struct json *object, const char *name,
		       char out[MEASURE_TEXT_SIZE]);

#endif
