/* SPDX-License-Identifier: ISC */
/*
 * Which web server runs leat, and what stands in front of it: told from what
 * `selftest` says and from the headers that came with its answer.
 */
#ifndef LEAT_DOCTOR_SERVER_KIND_H
#define LEAT_DOCTOR_SERVER_KIND_H

#include <stdbool.h>

enum server_kind {
	SERVER_UNKNOWN,
	SERVER_NGINX,
	SERVER_FCGIWRAP, /* nginx, and leat as CGI behind fcgiwrap */
	SERVER_APACHE_PROXY,
	SERVER_APACHE_FCGID,
	SERVER_APACHE_CGI,
	SERVER_LIGHTTPD,
	SERVER_LIGHTTPD_CGI
};

/* A further server between us and that one. */
enum server_front {
	FRONT_NONE,
	FRONT_NGINX,
	FRONT_APACHE,
	FRONT_CLOUDFLARE,
	FRONT_CLOUDFRONT,
	FRONT_VARNISH,
	FRONT_OTHER
};

/* What is known; "" where a header was absent or nothing was said. */
struct server_signs {
	const char *software; /* SERVER_SOFTWARE */
	const char *process;  /* "pool", "alone", "cgi" */
	const char *protocol; /* as the inner server was spoken to */
	const char *server;   /* headers: Server */
	const char *via;
	const char *cf_ray;
	const char *x_varnish;
	bool was_forwarded; /* X-Forwarded-For and the like */
	bool is_https;	    /* we used it */
	bool inner_https;   /* the inner server was asked so */
};

enum server_kind server_kind_of(const struct server_signs *signs);
enum server_front server_kind_front(const struct server_signs *signs);

/* "Apache with mod_fcgid" */
const char *server_kind_name(enum server_kind kind);
const char *server_kind_front_name(enum server_front front);
/* For programs: "apache-fcgid"; "unknown". */
const char *server_kind_slug(enum server_kind kind);
const char *server_kind_front_slug(enum server_front front);

#endif
