/* SPDX-License-Identifier: ISC */
/*
 * What became of a selftest's stream, for whoever asks later, in whichever
 * process: one small file a stream, in a folder that the processes share.
 *
 * Names come from 128 random bits, so that only who had the stream can ask.
 * Files are ours alone (0600, never through a symbolic link), at most 64, and
 * go after 10 minutes. A folder that cannot be written means: nothing is
 * known.
 */
#ifndef LEAT_WEB_SELFTEST_NOTE_H
#define LEAT_WEB_SELFTEST_NOTE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"

enum { SELFTEST_NOTE_ID_LEN = 32 };

struct selftest_note {
	int fd; /* -1: none could be made */
	char id[SELFTEST_NOTE_ID_LEN + 1];
};

/* A stream begins; the id is made in any case. */
void selftest_note_open(struct selftest_note *note, const char *folder);
/* It was left by its reader, or came to its end. now_ms: monotonic. */
void selftest_note_close(struct selftest_note *note, bool is_left,
			 unsigned frames, uint64_t now_ms);

enum selftest_end { SELFTEST_RUNS, SELFTEST_ENDED, SELFTEST_LEFT };

struct selftest_news {
	enum selftest_end end;
	unsigned frames; /* unknown while it runs */
	uint64_t at_ms;
};

bool selftest_note_is_id(struct slice text);
/* False: there is no such note. The id has the form of one. */
bool selftest_note_read(const char *folder, struct slice id,
			struct selftest_news *news);

#endif
