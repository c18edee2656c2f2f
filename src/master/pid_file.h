/* SPDX-License-Identifier: ISC */
/*
 * A file with the master's process number, for scripts that send it signals.
 *
 * Nothing in leat believes what it says: whether a pool runs is told by locks
 * and by the slots. So a stale one is simply replaced.
 */
#ifndef LEAT_MASTER_PID_FILE_H
#define LEAT_MASTER_PID_FILE_H

#include <stdbool.h>

/* Our own number, whole under another name and renamed. False with errno. */
bool pid_file_write(const char *path);
/* Unless another process has written its own number since. */
void pid_file_remove(const char *path);

#endif
