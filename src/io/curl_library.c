/* SPDX-License-Identifier: ISC */
#include "io/curl_private.h"

#ifdef LAZY_LIBRARIES

#include "io/library.h"

struct curl_library curl_library;

bool curl_library_open(struct fault *fault)
{
	static const struct library_symbol symbols[] = {
	    {"curl_easy_cleanup", &curl_easy_cleanup},
	    {"curl_easy_getinfo", &curl_easy_getinfo},
	    {"curl_easy_header", &curl_easy_header},
	    {"curl_easy_init", &curl_easy_init},
	    {"curl_easy_pause", &curl_easy_pause},
	    {"curl_easy_setopt", &curl_easy_setopt},
	    {"curl_easy_strerror", &curl_easy_strerror},
	    {"curl_free", &curl_free},
	    {"curl_global_cleanup", &curl_global_cleanup},
	    {"curl_global_init", &curl_global_init},
	    {"curl_multi_add_handle", &curl_multi_add_handle},
	    {"curl_multi_assign", &curl_multi_assign},
	    {"curl_multi_cleanup", &curl_multi_cleanup},
	    {"curl_multi_info_read", &curl_multi_info_read},
	    {"curl_multi_init", &curl_multi_init},
	    {"curl_multi_remove_handle", &curl_multi_remove_handle},
	    {"curl_multi_setopt", &curl_multi_setopt},
	    {"curl_multi_socket_action", &curl_multi_socket_action},
	    {"curl_share_cleanup", &curl_share_cleanup},
	    {"curl_share_init", &curl_share_init},
	    {"curl_share_setopt", &curl_share_setopt},
	    {"curl_url", &curl_url},
	    {"curl_url_cleanup", &curl_url_cleanup},
	    {"curl_url_get", &curl_url_get},
	    {"curl_url_set", &curl_url_set},
	    {"curl_version_info", &curl_version_info},
	};
	static struct library library = {
	    .file = CURL_FILE,
	    .package = "libcurl4",
	    .symbols = symbols,
	    .symbol_count = sizeof(symbols) / sizeof(symbols[0]),
	};

	return library_open(&library, fault);
}

#else

bool curl_library_open(struct fault *fault)
{
	(void)fault;
	return true;
}

#endif
