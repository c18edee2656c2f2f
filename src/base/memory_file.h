/* SPDX-License-Identifier: ISC */
/*
 * Bytes behind a descriptor and without a path: how one process hands what is
 * too much for a message or an argument to another. Sealed: nobody can change
 * it, or shrink it under a reader's mapping.
 */
#ifndef LEAT_BASE_MEMORY_FILE_H
#define LEAT_BASE_MEMORY_FILE_H

#include <stdbool.h>

#include "base/buffer.h"

/* A CLOEXEC descriptor; -1 with errno. name: for /proc/PID/fd. */
int memory_file_make(const char *name, struct slice bytes);
/* Appends all of it, from its beginning, wherever others read. False: it
 * cannot be read, or is more than the buffer may have. */
bool memory_file_read(int fd, struct buffer *out);

#endif
