/* SPDX-License-Identifier: ISC */
/*
 * Everything that was measured, as plain numbers and words: what the probes
 * fill in and the judges read. A measurement that was not made has is_done
 * false, and nothing is said about it.
 */
#ifndef LEAT_DOCTOR_MEASURE_H
#define LEAT_DOCTOR_MEASURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "doctor/delays.h"
#include "io/http.h"

enum {
	MEASURE_URL_SIZE = 2048,
	MEASURE_TEXT_SIZE = 160,
	MEASURE_STREAMS_MAX = 8,
	MEASURE_SECRETS_MAX = 16
};

/* How one request ended. */
struct measure_answer {
	bool is_done;
	bool is_late; /* given up: it took too long */
	enum http_failure failure;
	int status;
	unsigned http; /* 10, 11, 20, 30; 0: nothing came */
	char detail[MEASURE_TEXT_SIZE];
	char type[MEASURE_TEXT_SIZE];	 /* Content-Type */
	char code[MEASURE_TEXT_SIZE];	 /* of leat's JSON errors, else "" */
	char location[MEASURE_URL_SIZE]; /* Location */
	double head_ms;			 /* from the request to the headers */
	double took_ms;
	bool is_program; /* the program is shown, not run */
};

struct measure_signs {
	char server[MEASURE_TEXT_SIZE];
	char via[MEASURE_TEXT_SIZE];
	char cf_ray[MEASURE_TEXT_SIZE];
	char x_varnish[MEASURE_TEXT_SIZE];
};

/* What selftest said. */
struct measure_selftest {
	char version[MEASURE_TEXT_SIZE];
	char software[MEASURE_TEXT_SIZE];
	char process[MEASURE_TEXT_SIZE];
	char protocol[MEASURE_TEXT_SIZE];
	char mount[MEASURE_TEXT_SIZE];
	bool is_https;
	bool was_forwarded;
	uint64_t body_max;
	unsigned heartbeat_ms;
	unsigned streams_at_once; /* test streams, for one address */
	unsigned stream_max_ms;
};

struct measure_stream {
	struct measure_answer answer; /* is_done is in it */
	unsigned wanted;
	unsigned received;
	bool has_end;
	struct delays delays;
	char encoding[MEASURE_TEXT_SIZE];      /* Content-Encoding */
	char cache_control[MEASURE_TEXT_SIZE]; /* of the answer */
	bool has_accel;			       /* X-Accel-Buffering came */
	double first_ms; /* from the request to the first frame */
};

struct measure_leaving {
	bool is_done;
	bool is_known; /* the server knows this stream */
	bool has_noticed;
	double noticed_ms; /* after we left */
	double waited_ms;  /* how long we asked */
};

struct measure_idle {
	bool is_done;
	unsigned silent_s; /* asked for */
	bool has_survived;
	double cut_ms; /* when it ended, if it did not */
	int status;
};

struct measure_request {
	struct measure_answer answer;
	bool has_authorization;
	bool has_other_authorization; /* another one than we sent */
	bool has_last_event_id;
	bool is_body_whole;
};

struct measure_body {
	bool is_done;
	uint64_t largest;  /* accepted */
	uint64_t smallest; /* refused; 0: none was */
	bool is_cut_short; /* time was up before the limit was found */
	struct measure_answer refused; /* the smallest that was */
	struct measure_answer beyond;  /* one more than leat takes */
};

struct measure_secret {
	const char *what;	     /* "a configuration file"; literal */
	char url[MEASURE_URL_SIZE];  /* from where it came */
	char path[MEASURE_URL_SIZE]; /* its file, when that is known */
};

struct measure_secrets {
	bool is_done;
	unsigned tried;
	unsigned unanswered;
	unsigned count;
	struct measure_secret found[MEASURE_SECRETS_MAX];
};

struct measures {
	char url[MEASURE_URL_SIZE];  /* as given, tidied */
	char base[MEASURE_URL_SIZE]; /* where leat is; no slash at its end */
	char site[MEASURE_URL_SIZE]; /* scheme, host and port */
	bool is_https;
	struct measure_answer reach;   /* base/selftest */
	struct measure_answer healthz; /* where selftest says nothing */
	struct measure_signs signs;
	bool is_leat; /* selftest answered */
	struct measure_selftest selftest;
	struct measure_stream plain; /* HTTP/1.1, no compression accepted */
	struct measure_stream gzip;
	struct measure_stream http2;
	struct measure_stream together[MEASURE_STREAMS_MAX];
	unsigned together_count;
	struct measure_stream lasting; /* --long */
	unsigned lasting_s;
	struct measure_idle idle;
	struct measure_leaving leaving_writing;
	struct measure_leaving leaving_silent;
	struct measure_request request;
	struct measure_answer origin; /* asked as a page of the site does */
	struct measure_answer chunked;
	bool is_chunked_whole;
	struct measure_body body;
	struct measure_secrets secrets;
};

#endif
