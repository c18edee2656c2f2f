/* SPDX-License-Identifier: ISC */
#include "master/master_program.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* argv is not written to, whatever its type says. */
static void append(struct master_program *program, const char *text)
{
	assert(program->argument_count < MASTER_PROGRAM_ARGUMENTS);
	program->arguments[program->argument_count++] = (char *)(uintptr_t)text;
	program->arguments[program->argument_count] = NULL;
}

void master_program_init(struct master_program *program, const char *command)
{
	memset(program, 0, sizeof *program);
	program->output = -1;
	append(program, "leat");
	append(program, command);
}

void master_program_add(struct master_program *program, const char *name,
			const char *value)
{
	append(program, name);
	append(program, value);
}

void master_program_add_number(struct master_program *program, const char *name,
			       unsigned number)
{
	char *text = program->numbers[program->number_count];

	assert(program->number_count < MASTER_PROGRAM_NUMBERS);
	program->number_count++;
	snprintf(text, sizeof program->numbers[0], "%u", number);
	master_program_add(program, name, text);
}

void master_program_give(struct master_program *program, int fd)
{
	assert(program->descriptor_count < MASTER_PROGRAM_DESCRIPTORS);
	program->descriptors[program->descriptor_count++] = fd;
}

void master_program_add_descriptor(struct master_program *program,
				   const char *name, int fd)
{
	if (fd < 0)
		return;
	master_program_give(program, fd);
	master_program_add_number(program, name, (unsigned)fd);
}

static int fill_actions(posix_spawn_file_actions_t *actions,
			const struct master_program *program)
{
	int error = posix_spawn_file_actions_addopen(actions, STDIN_FILENO,
						     "/dev/null", O_RDONLY, 0);

	for (int fd = STDOUT_FILENO;
	     !error && program->output >= 0 && fd <= STDERR_FILENO; fd++)
		error = posix_spawn_file_actions_adddup2(actions,
							 program->output, fd);
	/* The same number on both sides: that takes CLOEXEC away, and no
	 * target can overwrite a later source. */
	for (unsigned i = 0; !error && i < program->descriptor_count; i++)
		error = posix_spawn_file_actions_adddup2(
		    actions, program->descriptors[i], program->descriptors[i]);
	return error;
}

static int fill_attributes(posix_spawnattr_t *attributes)
{
	sigset_t none, all;
	int error;

	sigemptyset(&none);
	sigfillset(&all);
	error = posix_spawnattr_setsigmask(attributes, &none);
	if (!error)
		error = posix_spawnattr_setsigdefault(attributes, &all);
	if (!error)
		error = posix_spawnattr_setflags(
		    attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	return error;
}

static int spawn(const struct master_program *program, const char *path,
		 posix_spawn_file_actions_t *actions, pid_t *pid)
{
	posix_spawnattr_t attributes;
	int error = posix_spawnattr_init(&attributes);

	if (error)
		return error;
	error = fill_actions(actions, program);
	if (!error)
		error = fill_attributes(&attributes);
	if (!error)
		error = posix_spawn(pid, path, actions, &attributes,
				    program->arguments, environ);
	posix_spawnattr_destroy(&attributes);
	return error;
}

pid_t master_program_start(const struct master_program *program,
			   const char *path)
{
	posix_spawn_file_actions_t actions;
	pid_t pid = -1;
	int error = posix_spawn_file_actions_init(&actions);

	if (!error) {
		error = spawn(program, path, &actions, &pid);
		posix_spawn_file_actions_destroy(&actions);
	}
	errno = error;
	return error ? -1 : pid;
}
