/* SPDX-License-Identifier: ISC */
#include "context/follow_up.h"

#include <string.h>

#include "base/buffer.h"
#include "base/text.h"
#include "context/unicode.h"

enum { FEW_WORDS = 2, LOOK_BYTES = 1000 };

/* Words that stand for something said before. Those that mostly do not
 * (French "le", German "der") are left out. */
static const char pronouns[] =
    " it its he him his she her hers they them their theirs this that these "
    "those there one ones former latter same "
    "er sie ihn ihm ihr ihre ihrer es das dies diese dieser dieses davon "
    "dafür damit daran dort derselbe "
    "il elle ils elles lui leur celui celle ceux cela ça "
    "él ella ellos ellas eso esto esa ese aquello "
    "esso essa loro quello questa questo "
    "ele ela eles elas isso isto "
    "он она оно они его её ее их это этот эта эти там "
    "هو هي هم هذا هذه ذلك تلك ";

static bool is_pronoun(struct slice word)
{
	char padded[40];

	if (word.len == 0 || word.len > sizeof(padded) - 2)
		return false;
	padded[0] = ' ';
	memcpy(padded + 1, word.data, word.len);
	padded[word.len + 1] = ' ';
	return memmem(pronouns, sizeof(pronouns) - 1, padded, word.len + 2) !=
	       NULL;
}

static bool has_pronoun(struct slice text)
{
	const char *at = text.data, *end = slice_end(text);
	struct buffer word;
	bool found = false;

	buffer_init(&word, 64);
	while (at < end && !found) {
		uint32_t c = unicode_fold(text_utf8_next(&at, end));

		if (unicode_class(c) != UNICODE_SEPARATOR) {
			text_utf8_append(&word, c);
			continue;
		}
		found = !word.overflowed && is_pronoun(buffer_slice(&word));
		buffer_clear(&word);
	}
	found = found || (!word.overflowed && is_pronoun(buffer_slice(&word)));
	buffer_fini(&word);
	return found;
}

bool follow_up_is_one(struct slice question, size_t content_words)
{
	if (content_words <= FEW_WORDS)
		return true;
	/* A long question explains itself. */
	return question.len <= LOOK_BYTES && has_pronoun(question);
}

struct slice follow_up_last(const struct message *history, size_t count,
			    enum role role)
{
	while (count > 0)
		if (history[--count].role == role)
			return history[count].content;
	return SLICE_NONE;
}
