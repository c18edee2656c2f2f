/* SPDX-License-Identifier: ISC */
#include "pool/channel.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory_file.h"

enum { MAGIC = 0x6c656174, FDS_MAX = 2 };

/* How a message begins on the socket; both ends are leat. */
struct wire_header {
	uint32_t magic;
	uint16_t type;
	uint16_t why;
	uint16_t slot;
	uint16_t fd_count;
	uint32_t incarnation;
	uint64_t id;
	uint64_t memory_len;
};

union control {
	struct cmsghdr align;
	char data[CMSG_SPACE(sizeof(int) * FDS_MAX)];
};

bool channel_pair(int fds[2])
{
	return !socketpair(
	    AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds);
}

struct channel_message channel_message(enum channel_type type)
{
	return (struct channel_message){
	    .type = type, .peer_fd = -1, .memory_fd = -1};
}

int channel_make_memory(struct slice bytes)
{
	if (bytes.len > CHANNEL_BYTES_MAX) {
		errno = EFBIG;
		return -1;
	}
	return memory_file_make("leat-request", bytes);
}

bool channel_pack(struct channel_message *message, int peer_fd,
		  struct slice bytes)
{
	message->peer_fd = peer_fd;
	message->bytes = bytes;
	if (bytes.len <= CHANNEL_INLINE_MAX)
		return true;
	message->memory_fd = channel_make_memory(bytes);
	if (message->memory_fd < 0)
		return false;
	message->bytes = SLICE_NONE;
	message->memory_len = bytes.len;
	return true;
}

bool channel_map(const struct channel_message *message, struct slice *bytes,
		 void **mapping)
{
	*mapping = NULL;
	*bytes = message->bytes;
	if (message->memory_fd < 0)
		return true;
	*mapping = mmap(NULL, message->memory_len, PROT_READ, MAP_PRIVATE,
			message->memory_fd, 0);
	if (*mapping == MAP_FAILED) {
		*mapping = NULL;
		return false;
	}
	*bytes = slice_make(*mapping, message->memory_len);
	return true;
}

void channel_unmap(void *mapping, struct slice bytes)
{
	if (mapping)
		munmap(mapping, bytes.len);
}

static enum channel_result result_of(int error_number)
{
	switch (error_number) {
	case EAGAIN:
		return CHANNEL_AGAIN;
	case ETOOMANYREFS: /* descriptors in flight, per user */
	case ENOBUFS:
	case ENOMEM:
		return CHANNEL_LATER;
	default:
		return CHANNEL_GONE;
	}
}

static void attach_fds(struct msghdr *header, union control *control,
		       const int *fds, unsigned count)
{
	struct cmsghdr *part;

	if (count == 0)
		return;
	memset(control, 0, sizeof *control);
	header->msg_control = control->data;
	header->msg_controllen = CMSG_SPACE(sizeof(int) * count);
	part = CMSG_FIRSTHDR(header);
	part->cmsg_level = SOL_SOCKET;
	part->cmsg_type = SCM_RIGHTS;
	part->cmsg_len = CMSG_LEN(sizeof(int) * count);
	memcpy(CMSG_DATA(part), fds, sizeof(int) * count);
}

enum channel_result channel_send(int fd, const struct channel_message *message)
{
	int fds[FDS_MAX];
	unsigned count = 0;
	struct wire_header head = {
	    .magic = MAGIC,
	    .type = (uint16_t)message->type,
	    .why = (uint16_t)message->why,
	    .slot = message->owner.slot,
	    .incarnation = message->owner.incarnation,
	    .id = message->id,
	    .memory_len = message->memory_fd >= 0 ? message->memory_len : 0,
	};
	struct iovec parts[2] = {
	    {&head, sizeof head},
	    {(void *)(uintptr_t)message->bytes.data, message->bytes.len}};
	struct msghdr header = {.msg_iov = parts, .msg_iovlen = 2};
	union control control;

	if (message->peer_fd >= 0)
		fds[count++] = message->peer_fd;
	if (message->memory_fd >= 0)
		fds[count++] = message->memory_fd;
	head.fd_count = (uint16_t)count;
	attach_fds(&header, &control, fds, count);
	while (sendmsg(fd, &header, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
		if (errno != EINTR)
			return result_of(errno);
	return CHANNEL_DONE;
}

/* Takes the descriptors out of what came; more than there may be cannot be:
 * the control buffer has no room for them. */
static unsigned read_fds(struct msghdr *header, int fds[FDS_MAX])
{
	unsigned count = 0;

	for (struct cmsghdr *part = CMSG_FIRSTHDR(header); part;
	     part = CMSG_NXTHDR(header, part)) {
		if (part->cmsg_level != SOL_SOCKET ||
		    part->cmsg_type != SCM_RIGHTS)
			continue;
		count =
		    (unsigned)((part->cmsg_len - CMSG_LEN(0)) / sizeof(int));
		memcpy(fds, CMSG_DATA(part), sizeof(int) * count);
	}
	return count;
}

static bool is_memory(int fd, uint64_t len)
{
	struct stat status;

	return len > 0 && len <= CHANNEL_BYTES_MAX && !fstat(fd, &status) &&
	       (uint64_t)status.st_size == len;
}

static bool place_fds(struct channel_message *message,
		      const struct wire_header *head, const int *fds,
		      unsigned count)
{
	bool has_memory = head->memory_len > 0;

	if (count > 0)
		message->peer_fd = fds[0];
	if (count > 1)
		message->memory_fd = fds[1];
	message->memory_len = (size_t)head->memory_len;
	message->lost_fds = count < head->fd_count;
	if (message->lost_fds)
		return true;
	return count == head->fd_count && has_memory == (count > 1) &&
	       (!has_memory || is_memory(message->memory_fd, head->memory_len));
}

enum channel_result channel_receive(int fd, struct channel_message *message,
				    struct channel_buffer *buffer)
{
	struct wire_header head;
	struct iovec part = {buffer->data, sizeof buffer->data};
	union control control;
	struct msghdr header = {.msg_iov = &part,
				.msg_iovlen = 1,
				.msg_control = control.data,
				.msg_controllen = sizeof control.data};
	int fds[FDS_MAX];
	unsigned count;
	ssize_t n;

	*message = channel_message(0);
	/* The other end died with something unread: that is told first, once,
	 * and what it had sent still stands behind. */
	do
		n = recvmsg(fd, &header, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
	while (n < 0 && (errno == EINTR || errno == ECONNRESET));
	if (n < 0)
		return result_of(errno);
	if (n == 0)
		return CHANNEL_GONE;
	count = read_fds(&header, fds);
	memset(&head, 0, sizeof head);
	if ((size_t)n >= sizeof head)
		memcpy(&head, buffer->data, sizeof head);
	if (!place_fds(message, &head, fds, count) || head.magic != MAGIC ||
	    header.msg_flags & MSG_TRUNC) {
		channel_close(message);
		return CHANNEL_BROKEN;
	}
	message->type = head.type;
	message->why = head.why;
	message->owner = (struct turn_place){head.slot, head.incarnation};
	message->id = head.id;
	message->bytes =
	    slice_make(buffer->data + sizeof head, (size_t)n - sizeof head);
	return CHANNEL_DONE;
}

void channel_close(struct channel_message *message)
{
	if (message->peer_fd >= 0)
		close(message->peer_fd);
	if (message->memory_fd >= 0)
		close(message->memory_fd);
	message->peer_fd = -1;
	message->memory_fd = -1;
}
