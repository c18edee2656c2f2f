/* SPDX-License-Identifier: ISC */
#include "web/selftest_note.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define PREFIX "leat-selftest-"

enum {
	NOTES_MAX = 64,
	NOTE_AGE_MAX_S = 600,
	/* Of a crowded temporary folder: not a whole one on the loop. */
	ENTRIES_MAX = 4096,
	NAME_SIZE = sizeof PREFIX + SELFTEST_NOTE_ID_LEN,
	TEXT_SIZE = 64
};

static void make_id(char out[SELFTEST_NOTE_ID_LEN + 1])
{
	unsigned char bytes[SELFTEST_NOTE_ID_LEN / 2];

	while (getrandom(bytes, sizeof bytes, 0) != sizeof bytes)
		continue;
	for (size_t i = 0; i < sizeof bytes; i++)
		snprintf(out + 2 * i, 3, "%02x", bytes[i]);
}

bool selftest_note_is_id(struct slice text)
{
	if (text.len != SELFTEST_NOTE_ID_LEN)
		return false;
	for (size_t i = 0; i < text.len; i++)
		if (!memchr("0123456789abcdef", text.data[i], 16))
			return false;
	return true;
}

static bool is_note(const char *name)
{
	size_t len = strlen(PREFIX);

	return strlen(name) == NAME_SIZE - 1 && !strncmp(name, PREFIX, len) &&
	       selftest_note_is_id(slice_of(name + len));
}

/* Removes what is old; while that leaves too many, the oldest, too. */
static void make_room(int folder_fd)
{
	char oldest[NAME_SIZE] = "";
	time_t oldest_at = 0;
	unsigned count = 0;
	struct dirent *entry;
	int fd = openat(folder_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *folder = fd >= 0 ? fdopendir(fd) : NULL;

	if (!folder)
		return;
	for (int i = 0; i < ENTRIES_MAX && (entry = readdir(folder)); i++) {
		struct stat status;

		if (!is_note(entry->d_name) ||
		    fstatat(folder_fd, entry->d_name, &status,
			    AT_SYMLINK_NOFOLLOW) ||
		    status.st_uid != geteuid())
			continue;
		if (status.st_mtime + NOTE_AGE_MAX_S < time(NULL)) {
			unlinkat(folder_fd, entry->d_name, 0);
			continue;
		}
		count++;
		if (!oldest[0] || status.st_mtime < oldest_at) {
			memcpy(oldest, entry->d_name, NAME_SIZE);
			oldest_at = status.st_mtime;
		}
	}
	closedir(folder);
	if (count >= NOTES_MAX)
		unlinkat(folder_fd, oldest, 0);
}

static int open_folder(const char *folder)
{
	return folder ? open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
}

static void name_note(char name[NAME_SIZE], const char *id)
{
	snprintf(name, NAME_SIZE, PREFIX "%s", id);
}

void selftest_note_open(struct selftest_note *note, const char *folder)
{
	int folder_fd = open_folder(folder);
	char name[NAME_SIZE];

	make_id(note->id);
	note->fd = -1;
	if (folder_fd < 0)
		return;
	make_room(folder_fd);
	name_note(name, note->id);
	note->fd =
	    openat(folder_fd, name,
		   O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	close(folder_fd);
}

void selftest_note_close(struct selftest_note *note, bool is_left,
			 unsigned frames, uint64_t now_ms)
{
	char text[TEXT_SIZE];
	int len = snprintf(text, sizeof text, "%s %u %" PRIu64 "\n",
			   is_left ? "left" : "ended", frames, now_ms);

	if (note->fd < 0)
		return;
	/* A full disk: then it is not known. */
	if (pwrite(note->fd, text, (size_t)len, 0) != len)
		(void)!ftruncate(note->fd, 0);
	close(note->fd);
	note->fd = -1;
}

static bool read_text(int fd, struct selftest_news *news)
{
	char text[TEXT_SIZE] = "";
	char word[8] = "";
	struct stat status;

	if (fstat(fd, &status) || !S_ISREG(status.st_mode) ||
	    status.st_uid != geteuid() ||
	    pread(fd, text, sizeof text - 1, 0) < 0)
		return false;
	*news = (struct selftest_news){.end = SELFTEST_RUNS};
	if (sscanf(text, "%7s %u %" SCNu64, word, &news->frames,
		   &news->at_ms) == 3)
		news->end =
		    !strcmp(word, "left") ? SELFTEST_LEFT : SELFTEST_ENDED;
	return true;
}

bool selftest_note_read(const char *folder, struct slice id,
			struct selftest_news *news)
{
	int folder_fd = open_folder(folder);
	char name[NAME_SIZE];
	bool is_known = false;
	int fd;

	if (folder_fd < 0)
		return false;
	snprintf(name, sizeof name, PREFIX "%.*s", (int)id.len, id.data);
	fd = openat(folder_fd, name,
		    O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd >= 0) {
		is_known = read_text(fd, news);
		close(fd);
	}
	close(folder_fd);
	return is_known;
}
