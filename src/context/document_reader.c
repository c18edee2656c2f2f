/* SPDX-License-Identifier: ISC */
#include "context/document_reader.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/text.h"
#include "context/charset.h"
#include "context/html_reader.h"
#include "context/markdown_reader.h"
#include "context/text_reader.h"

enum { READ_BYTES = 256 << 10 };

static const char *read_all(int fd, size_t max_bytes, struct buffer *out)
{
	struct stat status;

	if (fstat(fd, &status) < 0)
		return strerror(errno);
	if (!S_ISREG(status.st_mode))
		return "not a regular file";
	if ((unsigned long long)status.st_size > max_bytes)
		return "larger than the limit";
	for (;;) {
		char *room = buffer_reserve(out, READ_BYTES);
		ssize_t got;

		if (!room) /* it grew while we read it */
			return "larger than the limit";
		got = read(fd, room, READ_BYTES);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return strerror(errno);
		if (got == 0)
			return NULL;
		buffer_commit(out, (size_t)got);
	}
}

/* O_NONBLOCK: opening a FIFO that took a file's place must not wait. */
static const char *read_file(const char *path, size_t max_bytes,
			     struct buffer *out)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	const char *reason;

	if (fd < 0)
		return strerror(errno);
	reason = read_all(fd, max_bytes, out);
	close(fd);
	return reason;
}

/* "getting-started" of "docs/getting-started.md" */
static struct slice base_name(const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;
	const char *dot = strrchr(name, '.');

	return slice_make(name, dot ? (size_t)(dot - name) : strlen(name));
}

static const char *parse(struct document *document,
			 const struct document_source *source,
			 struct slice bytes)
{
	const char *reason = NULL;
	struct buffer text;

	if (charset_is_binary(bytes))
		return "a binary file";
	buffer_init(&text, source->max_bytes * 4 + 64);
	if (!charset_to_utf8(&text, bytes, source->kind == FILE_HTML))
		reason = "larger than the limit";
	else if (source->kind == FILE_HTML)
		reason = html_reader_read(document, buffer_slice(&text),
					  source->cancelled);
	else if (source->kind == FILE_MARKDOWN)
		reason = markdown_reader_read(document, buffer_slice(&text));
	else
		text_reader_read(document, buffer_slice(&text));
	buffer_fini(&text);
	return reason;
}

const char *document_reader_read(struct document *document,
				 const struct document_source *source,
				 size_t *read_bytes)
{
	const char *reason;
	struct buffer bytes;

	if (source->kind == FILE_HTML && !html_reader_is_available())
		return "this leat was built without libxml2 and cannot read "
		       "HTML";
	/* READ_BYTES more, because the last read asks for more than is left. */
	buffer_init(&bytes, source->max_bytes + READ_BYTES);
	reason = read_file(source->path, source->max_bytes, &bytes);
	if (!reason)
		reason = parse(document, source, buffer_slice(&bytes));
	*read_bytes = bytes.len;
	buffer_fini(&bytes);
	if (!reason) {
		document_complete(document, base_name(source->path));
		if (document->count == 0)
			reason = "it has no text";
	}
	return reason;
}
