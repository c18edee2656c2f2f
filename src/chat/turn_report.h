/* SPDX-License-Identifier: ISC */
/*
 * How a turn's end is told: the terminal event, the log line, the counters.
 */
#ifndef LEAT_CHAT_TURN_REPORT_H
#define LEAT_CHAT_TURN_REPORT_H

#include "chat/turn.h"

/* Appends the one final or error event, by what the turn's wish and the
 * provider's ending say. */
void turn_report_terminal(struct turn *turn, uint32_t total_ms);
/* "3,214" */
void turn_report_number(char *out, size_t size, uint64_t number);

#endif
