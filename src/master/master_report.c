/* SPDX-License-Identifier: ISC */
#include "master/master_report.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "master/pid_file.h"
#include "pool/slots.h"

void master_report_init(struct master_report *report, struct slots *slots,
			const char *pid_file)
{
	notify_init(&report->notify);
	report->slots = slots;
	report->pid_file = pid_file;
	report->is_stopping = false;
}

void master_report_fini(struct master_report *report)
{
	if (report->pid_file[0])
		pid_file_remove(report->pid_file);
}

static void describe(const struct master_report *report,
		     char out[NOTIFY_STATUS_SIZE])
{
	unsigned workers = 0;
	unsigned streams = slots_open_streams(report->slots);

	for (unsigned i = 0; i < slots_count(report->slots); i++) {
		uint32_t state =
		    atomic_load(&slots_at(report->slots, i)->state);

		workers += state == SLOT_READY ||
			   (report->is_stopping && state == SLOT_DRAINING);
	}
	snprintf(out, NOTIFY_STATUS_SIZE, "%s: %u worker%s, %u open stream%s",
		 report->is_stopping ? "Draining" : "Serving", workers,
		 workers == 1 ? "" : "s", streams, streams == 1 ? "" : "s");
}

void master_report_ready(struct master_report *report, uint64_t now_ms)
{
	char status[NOTIFY_STATUS_SIZE];

	if (report->pid_file[0] && !pid_file_write(report->pid_file))
		log_error("pool", "pid_file %s cannot be written: %s",
			  report->pid_file, strerror(errno));
	describe(report, status);
	notify_ready(&report->notify, now_ms, status);
}

void master_report_reloading(struct master_report *report)
{
	notify_reloading(&report->notify);
}

void master_report_kept(struct master_report *report, uint64_t now_ms,
			const char *why)
{
	char status[NOTIFY_STATUS_SIZE];

	snprintf(status, sizeof status, "Reload refused: %s", why);
	status[strcspn(status, "\n")] = '\0';
	notify_ready(&report->notify, now_ms, status);
}

void master_report_stopping(struct master_report *report, uint64_t now_ms)
{
	char status[NOTIFY_STATUS_SIZE];

	report->is_stopping = true;
	describe(report, status);
	notify_stopping(&report->notify, now_ms, status);
}

void master_report_tick(struct master_report *report, uint64_t now_ms)
{
	char status[NOTIFY_STATUS_SIZE];

	if (!report->notify.len)
		return;
	describe(report, status);
	notify_tick(&report->notify, now_ms, status);
}
