/* SPDX-License-Identifier: ISC */
#include "app/process_look.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Clocks are set, and the time of the boot is in whole seconds. */
enum { TOLERANCE_MS = 5000, FILE_SIZE = 4096 };

static bool read_file(const char *path, char *out, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t len;

	if (fd < 0)
		return false;
	len = read(fd, out, size - 1);
	close(fd);
	out[len > 0 ? len : 0] = '\0';
	return len > 0;
}

static uint64_t boot_ms(void)
{
	static uint64_t seconds;
	char line[256];
	FILE *file;

	if (seconds)
		return seconds * 1000;
	file = fopen("/proc/stat", "re");
	while (file && fgets(line, sizeof line, file))
		if (sscanf(line, "btime %" SCNu64, &seconds) == 1)
			break;
	if (file)
		fclose(file);
	return seconds * 1000;
}

static uint64_t ticks_to_ms(uint64_t ticks)
{
	long hertz = sysconf(_SC_CLK_TCK);

	return ticks * 1000 / (uint64_t)(hertz > 0 ? hertz : 100);
}

static void read_memory(struct process_look *look, pid_t pid)
{
	uint64_t size, resident, shared;
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
	char path[64], text[FILE_SIZE];

	snprintf(path, sizeof path, "/proc/%d/statm", (int)pid);
	if (!read_file(path, text, sizeof text) ||
	    sscanf(text, "%" SCNu64 " %" SCNu64 " %" SCNu64, &size, &resident,
		   &shared) != 3)
		return;
	look->rss_bytes = resident * page;
	look->anon_bytes = (resident > shared ? resident - shared : 0) * page;
}

/* proc(5): "pid (name) state …"; the name may contain anything. Fields 14, 15
 * and 22 are the times of user, system, and the start. */
static bool read_stat(struct process_look *look, char *text, uint64_t noted_ms)
{
	char *name = strchr(text, '(');
	char *end = strrchr(text, ')');
	uint64_t user, system, start;
	char state;

	if (!name || !end ||
	    sscanf(end + 1,
		   " %c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %" SCNu64
		   " %" SCNu64 " %*d %*d %*d %*d %*d %*d %" SCNu64,
		   &state, &user, &system, &start) != 4)
		return false;
	if (state == 'Z' || state == 'X')
		return false;
	if (strncmp(name, "(leat", 5) != 0 &&
	    boot_ms() + ticks_to_ms(start) > noted_ms + TOLERANCE_MS)
		return false;
	look->is_stopped = state == 'T' || state == 't';
	look->cpu_ms = ticks_to_ms(user + system);
	return true;
}

void process_look_at(struct process_look *look, pid_t pid, uint64_t noted_ms)
{
	char path[64], text[FILE_SIZE];

	memset(look, 0, sizeof *look);
	if (pid <= 0 || (kill(pid, 0) && errno != EPERM))
		return;
	snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
	/* With hidepid= others' processes are not shown: it is there. */
	look->lives = !read_file(path, text, sizeof text) ||
		      read_stat(look, text, noted_ms);
	if (look->lives)
		read_memory(look, pid);
}
