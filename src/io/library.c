/* SPDX-License-Identifier: ISC */
#include "io/library.h"

#include <dlfcn.h>
#include <pthread.h>
#include <string.h>

#include "base/error.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static bool find_all(const struct library *library, void *handle,
		     struct fault *fault)
{
	for (size_t i = 0; i < library->symbol_count; i++) {
		if (!dlsym(handle, library->symbols[i].name))
			return fault_set(
			    fault, ERROR_INTERNAL,
			    "%s has no %s: install a newer %s", library->file,
			    library->symbols[i].name, library->package);
	}
	/* POSIX has dlsym() return functions as data pointers, C does not
	 * let them be assigned: their bytes are the same. */
	for (size_t i = 0; i < library->symbol_count; i++) {
		void *address = dlsym(handle, library->symbols[i].name);

		memcpy(library->symbols[i].pointer, &address, sizeof(address));
	}
	return true;
}

static bool load(struct library *library, struct fault *fault)
{
	void *handle = dlopen(library->file, RTLD_LAZY | RTLD_LOCAL);

	if (!handle) {
		const char *why = dlerror();

		return fault_set(fault, ERROR_INTERNAL,
				 "%s cannot be loaded: install the package %s "
				 "(%s)",
				 library->file, library->package,
				 why ? why : "no reason was given");
	}
	if (!find_all(library, handle, fault)) {
		dlclose(handle);
		return false;
	}
	atomic_store_explicit(&library->is_open, true, memory_order_release);
	return true;
}

bool library_open(struct library *library, struct fault *fault)
{
	bool is_open;

	if (atomic_load_explicit(&library->is_open, memory_order_acquire))
		return true;
	pthread_mutex_lock(&lock);
	is_open =
	    atomic_load_explicit(&library->is_open, memory_order_acquire) ||
	    load(library, fault);
	pthread_mutex_unlock(&lock);
	return is_open;
}
