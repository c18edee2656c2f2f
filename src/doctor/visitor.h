/* SPDX-License-Identifier: ISC */
/*
 * Who visits the site: the loop and the HTTP client that all visits share.
 */
#ifndef LEAT_DOCTOR_VISITOR_H
#define LEAT_DOCTOR_VISITOR_H

#include <stdint.h>

#include "base/list.h"
#include "io/loop.h"

struct visitor {
	struct loop *loop;
	struct http_client *client;
	const char *ca_file; /* or NULL */
	struct list open;
	int signal_number; /* 0: nobody wants it to stop */
	unsigned requests; /* so far */
};

/* Catches SIGINT, SIGTERM and SIGHUP. */
void visitor_init(struct visitor *visitor, const char *ca_file);
void visitor_fini(struct visitor *visitor); /* no visit is open */
/* Sleeps; what is under way goes on. */
void visitor_pause(struct visitor *visitor, unsigned ms);
uint64_t visitor_now_us(void);

#endif
