/* SPDX-License-Identifier: ISC */
/*
 * The slots file of a process without master, "alone-PID.slots" in
 * runtime_dir: one slot, so that caps are this process's own.
 */
#ifndef LEAT_SERVE_ALONE_SLOTS_H
#define LEAT_SERVE_ALONE_SLOTS_H

struct config;
struct slots;

/* In memory that nobody sees where the folder cannot be written. Files of
 * processes that were killed are removed. NULL with errno: not even that. The
 * caller unlinks it at the end, and frees it. */
struct slots *alone_slots_new(const struct config *config);

#endif
