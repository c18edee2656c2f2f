/* SPDX-License-Identifier: ISC */
/*
 * The files and folders that were seen, by device and inode.
 */
#ifndef LEAT_CONTEXT_INODE_SET_H
#define LEAT_CONTEXT_INODE_SET_H

#include <stdbool.h>
#include <sys/stat.h>

struct inode_set;

struct inode_set *inode_set_new(void);
void inode_set_free(struct inode_set *set);
/* False when it was there already. */
bool inode_set_add(struct inode_set *set, const struct stat *status);

#endif
