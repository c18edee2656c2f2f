/* SPDX-License-Identifier: ISC */
/*
 * What /proc says about a process of ours, whoever asks: does it live, how
 * much processor time and memory has it had.
 */
#ifndef LEAT_APP_PROCESS_LOOK_H
#define LEAT_APP_PROCESS_LOOK_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct process_look {
	bool lives;
	bool is_stopped;     /* by SIGSTOP or a debugger */
	uint64_t cpu_ms;     /* user and system, of its whole life */
	uint64_t rss_bytes;  /* 0: not known */
	uint64_t anon_bytes; /* of these, what no file stands behind */
};

/* noted_ms (wall clock): when its number was written down. What is younger
 * and has another name is another process with the same number. */
void process_look_at(struct process_look *look, pid_t pid, uint64_t noted_ms);

#endif
