/* SPDX-License-Identifier: ISC */
/*
 * A program that the master starts: its arguments and what it gets from us.
 * By posix_spawn(), never a fork without exec. In it no signal is blocked,
 * every one is default, and standard input is empty; of our descriptors,
 * which are all CLOEXEC, it has those that were given to it, under the same
 * numbers.
 *
 * It points into itself, so it stays where it was made.
 */
#ifndef LEAT_MASTER_MASTER_PROGRAM_H
#define LEAT_MASTER_MASTER_PROGRAM_H

#include <sys/types.h>

enum {
	MASTER_PROGRAM_ARGUMENTS = 40,
	MASTER_PROGRAM_NUMBERS = 8,
	MASTER_PROGRAM_DESCRIPTORS = 16
};

struct master_program {
	char *arguments[MASTER_PROGRAM_ARGUMENTS + 1];
	unsigned argument_count;
	char numbers[MASTER_PROGRAM_NUMBERS][12];
	unsigned number_count;
	int descriptors[MASTER_PROGRAM_DESCRIPTORS];
	unsigned descriptor_count;
	int output; /* its standard output and error; -1: ours */
};

/* `leat COMMAND`. Texts are borrowed until it is started. */
void master_program_init(struct master_program *program, const char *command);
void master_program_add(struct master_program *program, const char *name,
			const char *value);
void master_program_add_number(struct master_program *program, const char *name,
			       unsigned number);
/* Gives it a descriptor. */
void master_program_give(struct master_program *program, int fd);
/* The same, and tells it the number; nothing where fd is -1. */
void master_program_add_descriptor(struct master_program *program,
				   const char *name, int fd);
/* The process, or -1 with errno set. path: of the binary. */
pid_t master_program_start(const struct master_program *program,
			   const char *path);

#endif
