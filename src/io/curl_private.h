/* SPDX-License-Identifier: ISC */
/*
 * libcurl as the files of the HTTP client call it. Its functions keep their
 * names and types; they are valid once curl_library_open() was true. Where
 * leat is linked with it (--disable-lazy-libraries) that is always so, and
 * libcurl's header checks the types of options too.
 */
#ifndef LEAT_IO_CURL_PRIVATE_H
#define LEAT_IO_CURL_PRIVATE_H

#include "config.h"

#ifdef LAZY_LIBRARIES
#define CURL_DISABLE_TYPECHECK
#endif
#include <curl/curl.h>
#include <stdbool.h>

struct fault;

/* From any thread; false with a fault that says what to install. */
bool curl_library_open(struct fault *fault);

#ifdef LAZY_LIBRARIES

/* Not these macros of the header, which only count arguments. */
#undef curl_easy_setopt
#undef curl_easy_getinfo
#undef curl_multi_setopt
#undef curl_share_setopt

struct curl_library {
	__typeof__(curl_easy_cleanup) *curl_easy_cleanup;
	__typeof__(curl_easy_getinfo) *curl_easy_getinfo;
	__typeof__(curl_easy_header) *curl_easy_header;
	__typeof__(curl_easy_init) *curl_easy_init;
	__typeof__(curl_easy_pause) *curl_easy_pause;
	__typeof__(curl_easy_setopt) *curl_easy_setopt;
	__typeof__(curl_easy_strerror) *curl_easy_strerror;
	__typeof__(curl_free) *curl_free;
	__typeof__(curl_global_cleanup) *curl_global_cleanup;
	__typeof__(curl_global_init) *curl_global_init;
	__typeof__(curl_multi_add_handle) *curl_multi_add_handle;
	__typeof__(curl_multi_assign) *curl_multi_assign;
	__typeof__(curl_multi_cleanup) *curl_multi_cleanup;
	__typeof__(curl_multi_info_read) *curl_multi_info_read;
	__typeof__(curl_multi_init) *curl_multi_init;
	__typeof__(curl_multi_remove_handle) *curl_multi_remove_handle;
	__typeof__(curl_multi_setopt) *curl_multi_setopt;
	__typeof__(curl_multi_socket_action) *curl_multi_socket_action;
	__typeof__(curl_share_cleanup) *curl_share_cleanup;
	__typeof__(curl_share_init) *curl_share_init;
	__typeof__(curl_share_setopt) *curl_share_setopt;
	__typeof__(curl_url) *curl_url;
	__typeof__(curl_url_cleanup) *curl_url_cleanup;
	__typeof__(curl_url_get) *curl_url_get;
	__typeof__(curl_url_set) *curl_url_set;
	__typeof__(curl_version_info) *curl_version_info;
};

extern struct curl_library curl_library;

#define curl_easy_cleanup	 (curl_library.curl_easy_cleanup)
#define curl_easy_getinfo	 (curl_library.curl_easy_getinfo)
#define curl_easy_header	 (curl_library.curl_easy_header)
#define curl_easy_init		 (curl_library.curl_easy_init)
#define curl_easy_pause		 (curl_library.curl_easy_pause)
#define curl_easy_setopt	 (curl_library.curl_easy_setopt)
#define curl_easy_strerror	 (curl_library.curl_easy_strerror)
#define curl_free		 (curl_library.curl_free)
#define curl_global_cleanup	 (curl_library.curl_global_cleanup)
#define curl_global_init	 (curl_library.curl_global_init)
#define curl_multi_add_handle	 (curl_library.curl_multi_add_handle)
#define curl_multi_assign	 (curl_library.curl_multi_assign)
#define curl_multi_cleanup	 (curl_library.curl_multi_cleanup)
#define curl_multi_info_read	 (curl_library.curl_multi_info_read)
#define curl_multi_init		 (curl_library.curl_multi_init)
#define curl_multi_remove_handle (curl_library.curl_multi_remove_handle)
#define curl_multi_setopt	 (curl_library.curl_multi_setopt)
#define curl_multi_socket_action (curl_library.curl_multi_socket_action)
#define curl_share_cleanup	 (curl_library.curl_share_cleanup)
#define curl_share_init		 (curl_library.curl_share_init)
#define curl_share_setopt	 (curl_library.curl_share_setopt)
#define curl_url		 (curl_library.curl_url)
#define curl_url_cleanup	 (curl_library.curl_url_cleanup)
#define curl_url_get		 (curl_library.curl_url_get)
#define curl_url_set		 (curl_library.curl_url_set)
#define curl_version_info	 (curl_library.curl_version_info)

#endif

#endif
