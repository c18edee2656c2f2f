/* SPDX-License-Identifier: ISC */
/*
 * The words of a configuration file, one after the other, each with its line.
 * Comments are blanked out of a copy of the text on the way.
 */
#ifndef LEAT_CONFIG_CONFIG_TOKEN_H
#define LEAT_CONFIG_CONFIG_TOKEN_H

#include <stdbool.h>

#include "base/slice.h"
#include "config/problems.h"

enum config_token_kind { TOKEN_END, TOKEN_TEXT, TOKEN_MARK, TOKEN_WRONG };

struct config_token {
	/* The token that was read last. */
	enum config_token_kind kind;
	char mark;	   /* of a TOKEN_MARK: { } = , */
	unsigned line;	   /* where it begins */
	struct slice text; /* of a TOKEN_TEXT, without its quotes */
	/* Where the next one is looked for. */
	const char *at;
	const char *end;
	const char *start;
	unsigned next_line;
	char *plain; /* the copy, as long as the text */
	struct problems *problems;
};

/* Reads the next token. False: it is none, and a problem says why. */
bool config_token_next(struct config_token *token);
bool config_token_is(const struct config_token *token, char mark);
/* What was found, for a message; may be written to out. */
const char *config_token_describe(const struct config_token *token, char *out,
				  size_t size);
/* Both report a problem and return false. */
bool config_token_expected(struct config_token *token, const char *what,
			   const char *after);
bool config_token_wrong(struct config_token *token, unsigned line,
			const char *what);

#endif
