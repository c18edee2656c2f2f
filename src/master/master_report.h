/* SPDX-License-Identifier: ISC */
/*
 * What the master tells whoever started it: states and a line of status to a
 * service manager (notify.h), its number in the pid file. The loop says what
 * has happened; when it is told, and how often, is decided here.
 */
#ifndef LEAT_MASTER_MASTER_REPORT_H
#define LEAT_MASTER_MASTER_REPORT_H

#include <stdint.h>

#include "pool/notify.h"

struct slots;

struct master_report {
	struct notify notify;
	struct slots *slots;
	const char *pid_file; /* "": none */
	bool is_stopping;
};

/* Borrows both. */
void master_report_init(struct master_report *report, struct slots *slots,
			const char *pid_file);
/* The pid file goes, if it is still ours. */
void master_report_fini(struct master_report *report);

/* Every worker is ready: after a start, and after a reload. */
void master_report_ready(struct master_report *report, uint64_t now_ms);
/* Before anything is looked at; ends with _ready() or _kept(). */
void master_report_reloading(struct master_report *report);
/* A reload came to nothing: why, in one line. */
void master_report_kept(struct master_report *report, uint64_t now_ms,
			const char *why);
void master_report_stopping(struct master_report *report, uint64_t now_ms);
/* Each second. */
void master_report_tick(struct master_report *report, uint64_t now_ms);

#endif
