/* SPDX-License-Identifier: ISC */
/*
 * The index file's format, for those who write and those who read it. One
 * SQLite file:
 *   meta      what was built, by name; `lengths` has the length of each
 *             passage for the ranking function (io/database_rank.h)
 *   document  one row per page: address, title, language
 *   passage   one row per passage; its id is the FTS5 rowid
 *   words     FTS5, contentless: the tokens of context/text_analysis.h, the
 *             title with the heading path apart from the text
 *   term      in how many passages each token is that is in more than one
 * A change to any of it, or to how text becomes tokens, is a new version:
 * an index of another version is not read, and the user is told to build it
 * again.
 */
#ifndef LEAT_CONTEXT_INDEX_FORMAT_H
#define LEAT_CONTEXT_INDEX_FORMAT_H

#define INDEX_FORMAT_APPLICATION "1818583412" /* "leat" */
#define INDEX_FORMAT_VERSION	 "1"

/* Tokens contain these besides letters and digits. */
#define INDEX_FORMAT_SCHEMA                                                    \
	"PRAGMA application_id = " INDEX_FORMAT_APPLICATION ";"                \
	"PRAGMA user_version = " INDEX_FORMAT_VERSION ";"                      \
	"CREATE TABLE meta (name TEXT PRIMARY KEY, value) WITHOUT ROWID;"      \
	"CREATE TABLE document (id INTEGER PRIMARY KEY, url TEXT NOT NULL,"    \
	"  title TEXT NOT NULL, language TEXT NOT NULL);"                      \
	"CREATE TABLE passage (id INTEGER PRIMARY KEY,"                        \
	"  document INTEGER NOT NULL, heading TEXT NOT NULL,"                  \
	"  anchor TEXT NOT NULL, text TEXT NOT NULL);"                         \
	"CREATE VIRTUAL TABLE words USING fts5 (title, body, content = '',"    \
	"  columnsize = 0, tokenize = 'ascii tokenchars ''+#.''');"            \
	"CREATE TABLE term (word TEXT PRIMARY KEY, passages INTEGER NOT NULL)" \
	"  WITHOUT ROWID;"

#endif
