/* SPDX-License-Identifier: ISC */
/*
 * A shared library that is loaded when it is first needed, not when the
 * process starts: libcurl with what it brings costs 3 ms, and most commands,
 * every request answered from memory and every quote do without it.
 *
 * What is loaded stays for as long as the process lives. The headers of the
 * library are used as ever, so the compiler checks each call; only where the
 * functions are is found later. It never knows which libraries there are:
 * io/curl_library.c and context/xml_library.c do.
 */
#ifndef LEAT_IO_LIBRARY_H
#define LEAT_IO_LIBRARY_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

struct fault;

struct library_symbol {
	const char *name;
	void *pointer; /* a pointer to a function, filled in */
};

struct library {
	const char *file;    /* its soname, as configure found it */
	const char *package; /* what an operator installs to have it */
	const struct library_symbol *symbols;
	size_t symbol_count;
	atomic_bool is_open; /* the pointers are valid */
};

/* From any thread, as often as one likes: only the first call does anything,
 * and after a failure the next one tries again. False with a fault that says
 * what to install; then no pointer was changed. */
bool library_open(struct library *library, struct fault *fault);

#endif
