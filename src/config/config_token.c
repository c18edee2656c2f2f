/* SPDX-License-Identifier: ISC */
#include "config/config_token.h"

#include <stdio.h>
#include <string.h>

static void blank(struct config_token *token, const char *from, const char *to)
{
	char *plain = token->plain;

	for (const char *at = from; at < to; at++)
		if (*at != '\n')
			plain[at - token->start] = ' ';
}

bool config_token_wrong(struct config_token *token, unsigned line,
			const char *what)
{
	problems_add(token->problems, line, "%s", what);
	token->kind = TOKEN_WRONG;
	return false;
}

/* Past white space and comments. False: a comment has no end. */
static bool skip_space(struct config_token *token)
{
	while (token->at < token->end) {
		const char *from = token->at;
		size_t left = (size_t)(token->end - from);
		const char *to;

		if (*from == '\n')
			token->next_line++;
		if (strchr(" \t\r\n", *from)) {
			token->at++;
			continue;
		}
		if (left >= 2 && !memcmp(from, "/*", 2)) {
			to = memmem(from + 2, left - 2, "*/", 2);
			if (!to)
				return config_token_wrong(
				    token, token->next_line,
				    "this comment is never closed: */ is "
				    "missing");
			to += 2;
		} else if (*from == '#' ||
			   (left >= 2 && !memcmp(from, "//", 2))) {
			to = memchr(from, '\n', left);
			to = to ? to : token->end;
		} else {
			return true;
		}
		blank(token, from, to);
		for (; from < to; from++)
			token->next_line += *from == '\n';
		token->at = to;
	}
	return true;
}

static bool is_word_byte(char c)
{
	return !strchr(" #\"'\t\r\n={}()+,*", c);
}

static bool refuse_substitution(struct config_token *token)
{
	return config_token_wrong(
	    token, token->line,
	    "found ${: variables are not replaced in this file; write the "
	    "value itself (in single quotes if it really has a ${)");
}

static bool read_word(struct config_token *token)
{
	const char *from = token->at;

	while (token->at < token->end && is_word_byte(*token->at))
		token->at++;
	token->text = slice_make(from, (size_t)(token->at - from));
	if (token->at < token->end && token->at[0] == '{' && token->at > from &&
	    token->at[-1] == '$')
		return refuse_substitution(token);
	token->kind = TOKEN_TEXT;
	return true;
}

/* libconfuse knows more escapes; those that make NUL bytes or half
 * characters are not worth their traps. */
static bool check_escape(struct config_token *token, char quote, char next)
{
	if (quote == '\'' || strchr("\"\\nt", next))
		return true;
	return config_token_wrong(
	    token, token->line,
	    "unknown escape in a string; allowed: \\\" \\\\ \\n \\t");
}

static bool read_string(struct config_token *token)
{
	char quote = *token->at++;
	const char *from = token->at;

	for (; token->at < token->end; token->at++) {
		const char *at = token->at;

		if (*at == '\n')
			break;
		if (*at == quote) {
			token->kind = TOKEN_TEXT;
			token->text = slice_make(from, (size_t)(at - from));
			token->at++;
			return true;
		}
		if (quote == '"' && *at == '$' && at + 1 < token->end &&
		    at[1] == '{')
			return refuse_substitution(token);
		if (*at != '\\' || at + 1 >= token->end || at[1] == '\n')
			continue;
		if (!check_escape(token, quote, at[1]))
			return false;
		if (quote == '"' || strchr("\\'", at[1]))
			token->at++;
	}
	return config_token_wrong(
	    token, token->line,
	    "this string is not closed on its line: a quote is missing");
}

/* The next token into token->token; false when it is wrong. */
bool config_token_next(struct config_token *token)
{
	char c;

	if (!skip_space(token))
		return false;
	token->line = token->next_line;
	token->text = SLICE_NONE;
	token->mark = '\0';
	if (token->at == token->end) {
		token->kind = TOKEN_END;
		return true;
	}
	c = *token->at;
	if (c == '"' || c == '\'')
		return read_string(token);
	if (strchr("{}=,", c)) {
		token->kind = TOKEN_MARK;
		token->mark = c;
		token->at++;
		return true;
	}
	if (is_word_byte(c))
		return read_word(token);
	problems_add(token->problems, token->line,
		     c == '+'
			 ? "found %c: there is no +=, an option is given once"
			 : "found %c, which must stand in quotes",
		     c);
	token->kind = TOKEN_WRONG;
	return false;
}

bool config_token_is(const struct config_token *token, char mark)
{
	return token->kind == TOKEN_MARK && token->mark == mark;
}

/* What stands there, for a message. */
const char *config_token_describe(const struct config_token *token, char *out,
				  size_t size)
{
	int len = token->text.len > 60 ? 60 : (int)token->text.len;

	if (token->kind == TOKEN_END)
		return "the end of the file";
	if (token->kind == TOKEN_MARK)
		snprintf(out, size, "%c", token->mark);
	else
		snprintf(out, size, "\"%.*s\"", len, token->text.data);
	return out;
}

bool config_token_expected(struct config_token *token, const char *what,
			   const char *after)
{
	char found[80];

	problems_add(
	    token->problems, token->line, "found %s, expected %s after %s",
	    config_token_describe(token, found, sizeof(found)), what, after);
	return false;
}
