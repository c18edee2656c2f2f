/* SPDX-License-Identifier: ISC */
/*
 * The configuration: what config/options_table.c's table has, read from one
 * file.
 *
 * Every option has a default, so there is a configuration also without a
 * file. Once loaded it does not change. Keys are in it as text: they are
 * wiped when it is freed and must never be printed or logged. Modules below
 * serve/ never see it: serve/assemble.c fills their option structs from it.
 */
#ifndef LEAT_CONFIG_CONFIG_H
#define LEAT_CONFIG_CONFIG_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"
#include "base/slice.h"

struct config_list {
	char **items; /* NULL ends; never NULL itself once loaded */
	size_t count;
};

enum config_kind { KIND_OPENAI, KIND_EXTRACTIVE };
enum { CONFIG_PROVIDERS_MAX = 32 };

struct config_provider {
	char *name;
	unsigned line;	/* where it stands in the file; 0: built in */
	int kind;	/* enum config_kind */
	char *base_url; /* without a slash at its end */
	char *key_file;
	char *key; /* the secret; NULL: none is needed */
	char *model;
	struct config_list models;  /* "*": any */
	struct config_list headers; /* "Name: value"; may hold secrets */
	char *ca_file;
	unsigned connect_timeout_ms;
	unsigned first_token_timeout_ms;
	unsigned idle_timeout_ms;
	unsigned max_tokens; /* 0: not sent */
};

struct config_chat {
	struct config_list providers; /* in the order in which to try them */
	char *system_file;
	char *system; /* its text; NULL: none */
	bool allow_system_role;
	unsigned recall_timeout_ms;
	unsigned total_timeout_ms;
	unsigned answer_timeout_ms; /* of an ask that does not stream */
	unsigned linger_ms;
	unsigned long_poll_ms;
	size_t max_answer_bytes;
	size_t max_event_bytes;
	unsigned max_events;
	unsigned max_readers;
};

struct config_context {
	char *index; /* "": none */
	unsigned passages;
	unsigned characters;
	unsigned snippet_bytes;
};

struct config_limits {
	unsigned streams;	      /* of all workers; 0: no limit */
	unsigned streams_per_worker;  /* 0: from RLIMIT_NOFILE */
	unsigned streams_per_address; /* 0: no limit */
	unsigned turns_per_worker;    /* 0: no limit */
	unsigned selftests;	      /* per address; 0: none at all */
	unsigned selftest_time_ms;
	size_t params_bytes;
	size_t body_bytes;
	size_t held_bytes;
	size_t query_bytes;
	unsigned messages;
	size_t unwritten_bytes;
	size_t upstream_event_bytes;
	unsigned request_timeout_ms;
	unsigned write_timeout_ms;
	unsigned heartbeat_ms;
};

struct config {
	char *path; /* absolute; NULL: there was no file */
	struct config_list listen;
	char *listen_owner; /* "": the user that runs leat */
	char *listen_group;
	unsigned listen_mode;
	bool allow_remote_tcp;
	unsigned workers; /* 0: one per core */
	char *runtime_dir;
	char *pid_file;
	unsigned drain_timeout_ms;
	unsigned reload_timeout_ms;
	char *log;     /* "stderr", "syslog" or a path */
	int log_level; /* enum log_level */
	bool log_questions;
	char *mount;
	struct config_list routes_off;
	struct config_list metrics_allow;
	struct config_list cors_origins;
	struct config_list trusted_proxies;
	struct config_provider *providers; /* never empty once loaded */
	size_t provider_count;
	struct config_chat chat;
	struct config_context context;
	struct config_limits limits;
};

/* The file to read: `given` (-c), else $LEAT_CONFIG, else ./leat.conf, else
 * leat.conf in the system's folder. NULL when none of the last two exists:
 * then the defaults hold. The caller frees it (memory_free()). */
char *config_find(const char *given);

/* Reads a file (NULL: no file, only defaults), the keys and the system prompt
 * that it names. NULL: problems has one line for each thing that is wrong,
 * with file and line. The caller frees the result. */
struct config *config_load(const char *path, struct buffer *problems);

/* The same without the keys and the system prompt: for commands that ask no
 * provider and must not fail for the lack of a key. */
struct config *config_load_public(const char *path, struct buffer *problems);

/* The same from text; `path` names it in problems and gives relative paths
 * their folder. Keys and the system prompt are not read. */
struct config *config_parse(struct slice text, const char *path,
			    struct buffer *problems);
void config_free(struct config *config);

/* By name; NULL when there is none. */
const struct config_provider *config_find_provider(const struct config *config,
						   const char *name);

#endif
