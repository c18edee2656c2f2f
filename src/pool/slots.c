/* SPDX-License-Identifier: ISC */
#include "pool/slots.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/memory.h"

enum {
	BALANCE_SLACK = 4,
	READ_TRIES = 100,
	ROOM_MIN = 16,
	FIRST_GENERATION = 1 /* of a pool that starts */
};

static const char magic[8] = "leatslot";

struct slots_file {
	char magic[8];
	uint32_t version;
	uint32_t slot_count;
	uint64_t size;
	uint32_t last_incarnation;   /* the master's */
	_Atomic uint32_t generation; /* about.generation */
	uint64_t address_seed;
	/* Odd while `about` is being written. */
	_Atomic uint32_t about_changes;
	struct slots_about about;
	/* Odd while a dead worker's counters move from its slot to `kept`. */
	_Atomic uint32_t moves;
	struct metrics kept;
	struct slot slots[];
};

struct slots {
	struct slots_file *file;
	size_t size;
	int fd; /* -1: a worker's */
	char *path;
};

static size_t size_for(unsigned count)
{
	return sizeof(struct slots_file) + count * sizeof(struct slot);
}

static uint64_t random_word(void)
{
	uint64_t word = 0;

	while (getrandom(&word, sizeof word, 0) != sizeof word)
		continue;
	return word;
}

unsigned slots_room(unsigned workers, unsigned cores)
{
	unsigned room = workers > cores ? workers : cores;

	if (room < ROOM_MIN)
		room = ROOM_MIN;
	if (room > SLOTS_WORKERS_MAX)
		room = SLOTS_WORKERS_MAX;
	return room * SLOTS_GENERATIONS;
}

static struct slots *map(int fd, size_t size, int protection)
{
	void *memory = mmap(NULL, size, protection, MAP_SHARED, fd, 0);
	struct slots *slots;

	if (memory == MAP_FAILED)
		return NULL;
	slots = memory_zalloc(sizeof *slots);
	slots->file = memory;
	slots->size = size;
	slots->fd = -1;
	return slots;
}

static int make_file(const char *path, char *temporary, size_t size)
{
	if (!path)
		return memfd_create("leat-slots", MFD_CLOEXEC);
	if (snprintf(temporary, size, "%s.%d", path, (int)getpid()) >=
	    (int)size) {
		errno = ENAMETOOLONG;
		return -1;
	}
	unlink(temporary);
	return open(temporary,
		    O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0640);
}

static void fill(struct slots_file *file, unsigned count, size_t size)
{
	memcpy(file->magic, magic, sizeof magic);
	file->version = SLOTS_VERSION;
	file->slot_count = count;
	file->size = size;
	file->address_seed = random_word();
	/* An id of an earlier run names an incarnation that is not ours. The
	 * upper half stays free for what is spawned. */
	file->last_incarnation = (uint32_t)random_word() >> 1;
}

struct slots *slots_new(const char *path, unsigned count)
{
	char temporary[4096] = "";
	size_t size = size_for(count);
	struct slots *slots = NULL;
	int fd = make_file(path, temporary, sizeof temporary);
	int saved;

	if (fd < 0)
		return NULL;
	/* Pages that are there: a full disk is an error now and not a SIGBUS
	 * later. */
	errno = posix_fallocate(fd, 0, (off_t)size);
	if (errno == 0)
		slots = map(fd, size, PROT_READ | PROT_WRITE);
	if (slots) {
		fill(slots->file, count, size);
		slots->fd = fd;
		slots->path = memory_strdup(path);
		if (!path || !rename(temporary, path))
			return slots;
	}
	saved = errno;
	if (path)
		unlink(temporary);
	if (slots)
		slots_free(slots);
	else
		close(fd);
	errno = saved;
	return NULL;
}

static struct slots *attach(int fd, int protection)
{
	struct slots *slots;
	struct stat status;
	struct slots_file *file;

	if (fstat(fd, &status))
		return NULL;
	if (status.st_size < (off_t)sizeof *file) {
		errno = EPROTO;
		return NULL;
	}
	slots = map(fd, (size_t)status.st_size, protection);
	if (!slots)
		return NULL;
	file = slots->file;
	if (!memcmp(file->magic, magic, sizeof magic) &&
	    file->version == SLOTS_VERSION && file->slot_count <= SLOTS_MAX &&
	    file->size == size_for(file->slot_count) &&
	    file->size == slots->size)
		return slots;
	slots_free(slots);
	errno = EPROTO;
	return NULL;
}

struct slots *slots_attach(int fd)
{
	return attach(fd, PROT_READ | PROT_WRITE);
}

struct slots *slots_adopt(int fd, const char *path)
{
	struct slots *slots = attach(fd, PROT_READ | PROT_WRITE);

	if (!slots)
		return NULL;
	slots->fd = fd;
	slots->path = memory_strdup(path);
	return slots;
}

struct slots *slots_open_readonly(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct slots *slots;
	int saved;

	if (fd < 0)
		return NULL;
	slots = attach(fd, PROT_READ);
	saved = errno;
	close(fd);
	errno = saved;
	return slots;
}

void slots_free(struct slots *slots)
{
	if (!slots)
		return;
	munmap(slots->file, slots->size);
	if (slots->fd >= 0)
		close(slots->fd);
	memory_free(slots->path);
	memory_free(slots);
}

static bool is_at_path(const struct slots *slots)
{
	struct stat by_fd, by_path;

	return slots->path && !fstat(slots->fd, &by_fd) &&
	       !lstat(slots->path, &by_path) &&
	       by_fd.st_dev == by_path.st_dev && by_fd.st_ino == by_path.st_ino;
}

bool slots_is_lost(const struct slots *slots)
{
	return slots->path && !is_at_path(slots);
}

void slots_unlink(struct slots *slots)
{
	if (is_at_path(slots))
		unlink(slots->path);
}

int slots_fd(const struct slots *slots)
{
	return slots->fd;
}

const char *slots_path(const struct slots *slots)
{
	return slots->path ? slots->path : "";
}

uint32_t slots_last_incarnation(const struct slots *slots)
{
	return slots->file->last_incarnation;
}

unsigned slots_count(const struct slots *slots)
{
	return slots->file->slot_count;
}

struct slot *slots_at(struct slots *slots, unsigned index)
{
	return &slots->file->slots[index];
}

/* Around a change of words that are no atoms; *count is odd in between. The
 * fence keeps the change behind the first, as the reader's keeps its copy
 * before the second look. */
static void begin_change(_Atomic uint32_t *count)
{
	atomic_fetch_add(count, 1);
	atomic_thread_fence(memory_order_release);
}

static void end_change(_Atomic uint32_t *count)
{
	atomic_fetch_add(count, 1);
}

void slots_set_about(struct slots *slots, const struct slots_about *about)
{
	struct slots_file *file = slots->file;

	begin_change(&file->about_changes);
	file->about = *about;
	end_change(&file->about_changes);
	atomic_store(&file->generation, about->generation);
}

/* Bounded: a master killed in the middle of a change leaves it odd for
 * ever. */
void slots_get_about(struct slots *slots, struct slots_about *about)
{
	const struct slots_file *file = slots->file;

	for (int i = 0; i < READ_TRIES; i++) {
		uint32_t before = atomic_load(&file->about_changes);

		*about = file->about;
		atomic_thread_fence(memory_order_acquire);
		if (before % 2 == 0 &&
		    before == atomic_load(&file->about_changes))
			break;
	}
	about->version[sizeof about->version - 1] = '\0';
	about->listen[sizeof about->listen - 1] = '\0';
	about->config_path[sizeof about->config_path - 1] = '\0';
}

uint32_t slots_claim(struct slots *slots, unsigned index, uint32_t generation)
{
	struct slot *slot = slots_at(slots, index);
	uint32_t incarnation = ++slots->file->last_incarnation;

	atomic_store(&slot->tick, 0);
	atomic_store(&slot->generation, generation);
	atomic_store(&slot->started_ms, clock_wall_ms(&clock_system));
	atomic_store(&slot->next_start_ms, 0);
	atomic_store(&slot->state, SLOT_STARTING);
	atomic_store(&slot->incarnation, incarnation);
	return incarnation;
}

void slots_place(struct slots *slots, struct turn_place place,
		 uint32_t generation, int32_t pid)
{
	struct slot *slot = slots_at(slots, place.slot);

	slots_claim(slots, place.slot, generation);
	if (slots->file->last_incarnation <= place.incarnation)
		slots->file->last_incarnation = place.incarnation;
	atomic_store(&slot->incarnation, place.incarnation);
	atomic_store(&slot->pid, pid);
	atomic_store(&slot->state, SLOT_READY);
}

/* A gauge says what is open now: it dies with its worker. */
static void keep_counters(struct metrics *kept, const struct metrics *from)
{
	struct metrics counters = *from;

	counters.values[METRIC_TURNS_OPEN] = 0;
	counters.values[METRIC_STREAMS_OPEN] = 0;
	metrics_sum(kept, &counters);
}

void slots_clear(struct slots *slots, unsigned index)
{
	struct slots_file *file = slots->file;
	struct slot *slot = slots_at(slots, index);

	atomic_store(&slot->state, SLOT_EMPTY);
	atomic_store(&slot->incarnation, 0);
	atomic_store(&slot->pid, 0);
	atomic_store(&slot->open_streams, 0);
	atomic_store(&slot->open_peers, 0);
	atomic_store(&slot->name_count, 0);
	begin_change(&file->moves);
	keep_counters(&file->kept, &slot->metrics);
	memset(&slot->metrics, 0, sizeof slot->metrics);
	end_change(&file->moves);
	for (unsigned i = 0; i < SLOTS_ADDRESSES; i++)
		if (atomic_load_explicit(&slot->addresses[i],
					 memory_order_relaxed))
			atomic_store_explicit(&slot->addresses[i], 0,
					      memory_order_relaxed);
}

void slots_release(struct slots *slots, unsigned index)
{
	struct slot *slot = slots_at(slots, index);

	slots_clear(slots, index);
	atomic_store(&slot->generation, 0);
	atomic_store(&slot->deaths, 0);
	atomic_store(&slot->next_start_ms, 0);
}

static void sum_once(struct slots *slots, struct metrics *out)
{
	memset(out, 0, sizeof *out);
	metrics_sum(out, &slots->file->kept);
	for (unsigned i = 0; i < slots_count(slots); i++)
		metrics_sum(out, &slots_at(slots, i)->metrics);
}

/* Bounded: a master killed in the middle of a move leaves it odd for ever. */
void slots_sum(struct slots *slots, struct metrics *out)
{
	for (int i = 0; i < READ_TRIES; i++) {
		uint32_t before = atomic_load(&slots->file->moves);

		sum_once(slots, out);
		atomic_thread_fence(memory_order_acquire);
		if (before % 2 == 0 &&
		    before == atomic_load(&slots->file->moves))
			return;
	}
}

unsigned slots_open_streams(struct slots *slots)
{
	unsigned sum = 0;

	for (unsigned i = 0; i < slots_count(slots); i++)
		sum += atomic_load(&slots_at(slots, i)->open_streams);
	return sum;
}

bool slots_is_alive(struct slots *slots, struct turn_place place)
{
	return place.incarnation != 0 && place.slot < slots_count(slots) &&
	       atomic_load(&slots_at(slots, place.slot)->incarnation) ==
		   place.incarnation;
}

/* Mixes all bits (the finaliser of MurmurHash3). */
static uint64_t mix(uint64_t x)
{
	x ^= x >> 33;
	x *= 0xff51afd7ed558ccdULL;
	x ^= x >> 33;
	x *= 0xc4ceb9fe1a85ec53ULL;
	return x ^ x >> 33;
}

bool slots_keep_name(struct slots *slots, unsigned index, uint64_t hash)
{
	struct slot *slot = slots_at(slots, index);
	uint32_t count = atomic_load(&slot->name_count);

	if (count == SLOTS_NAMES)
		return false;
	atomic_store(&slot->names[count], hash);
	atomic_store(&slot->name_count, count + 1);
	return true;
}

static bool has_kept(struct slot *slot, uint64_t hash)
{
	uint32_t count = atomic_load(&slot->name_count);

	for (uint32_t i = 0; i < count && i < SLOTS_NAMES; i++)
		if (atomic_load_explicit(&slot->names[i],
					 memory_order_relaxed) == hash)
			return true;
	return false;
}

static bool find_keeper(struct slots *slots, uint64_t hash,
			struct turn_place *owner)
{
	for (unsigned i = 0; i < slots_count(slots); i++) {
		struct slot *slot = slots_at(slots, i);

		owner->slot = (uint16_t)i;
		owner->incarnation = atomic_load(&slot->incarnation);
		if (owner->incarnation &&
		    atomic_load(&slot->state) == SLOT_DRAINING &&
		    has_kept(slot, hash))
			return true;
	}
	return false;
}

/* The highest of one random number per slot (rendezvous hashing). */
bool slots_owner_of(struct slots *slots, uint64_t hash,
		    struct turn_place *owner)
{
	uint32_t generation = atomic_load(&slots->file->generation);
	uint64_t best_weight = 0;
	struct slot *best = NULL;

	if (find_keeper(slots, hash, owner))
		return true;
	/* While a pool starts there is no other that could have the turn. */
	if (generation == 0)
		generation = FIRST_GENERATION;
	for (unsigned i = 0; i < slots_count(slots); i++) {
		struct slot *slot = slots_at(slots, i);
		uint64_t weight = mix(hash + mix(i + 1));

		if (atomic_load(&slot->generation) != generation ||
		    (best && weight <= best_weight))
			continue;
		best = slot;
		best_weight = weight;
		owner->slot = (uint16_t)i;
	}
	if (!best)
		return false;
	/* The number before the state: a worker that dies in between is
	 * taken for one that starts. */
	owner->incarnation = atomic_load(&best->incarnation);
	if (atomic_load(&best->state) != SLOT_READY &&
	    atomic_load(&best->state) != SLOT_DRAINING)
		owner->incarnation = 0;
	return true;
}

bool slots_is_first(struct slots *slots, unsigned index)
{
	uint32_t own = atomic_load(&slots_at(slots, index)->generation);

	for (unsigned i = 0; i < index; i++)
		if (atomic_load(&slots_at(slots, i)->generation) == own)
			return false;
	return true;
}

bool slots_is_balanced(struct slots *slots, unsigned index)
{
	uint64_t sum = 0, count = 0;
	uint64_t own = atomic_load(&slots_at(slots, index)->open_peers);

	for (unsigned i = 0; i < slots_count(slots); i++) {
		struct slot *slot = slots_at(slots, i);

		if (atomic_load(&slot->state) != SLOT_READY)
			continue;
		count++;
		sum += atomic_load(&slot->open_peers);
	}
	return count < 2 || own * count <= sum + BALANCE_SLACK * count;
}

static unsigned place_of(const struct slots *slots, uint64_t key)
{
	return (unsigned)(mix(key ^ slots->file->address_seed) %
			  SLOTS_ADDRESSES);
}

bool slots_stream_acquire(struct slots *slots, unsigned index, unsigned limit)
{
	_Atomic uint32_t *own = &slots_at(slots, index)->open_streams;

	atomic_fetch_add(own, 1);
	if (limit == 0 || slots_open_streams(slots) <= limit)
		return true;
	atomic_fetch_sub(own, 1);
	return false;
}

void slots_stream_release(struct slots *slots, unsigned index)
{
	_Atomic uint32_t *own = &slots_at(slots, index)->open_streams;

	if (atomic_load(own) > 0)
		atomic_fetch_sub(own, 1);
}

/* Sequentially consistent on purpose: each of two workers must see the
 * other's increment or have its own seen. */
bool slots_address_acquire(struct slots *slots, unsigned index, uint64_t key,
			   unsigned limit)
{
	unsigned place = place_of(slots, key);
	_Atomic uint16_t *own = &slots_at(slots, index)->addresses[place];
	unsigned sum = 0;

	if (atomic_load(own) == UINT16_MAX)
		return false;
	atomic_fetch_add(own, 1);
	for (unsigned i = 0; i < slots_count(slots); i++)
		sum += atomic_load(&slots_at(slots, i)->addresses[place]);
	if (sum <= limit)
		return true;
	atomic_fetch_sub(own, 1);
	return false;
}

void slots_address_release(struct slots *slots, unsigned index, uint64_t key)
{
	_Atomic uint16_t *own =
	    &slots_at(slots, index)->addresses[place_of(slots, key)];

	if (atomic_load(own) > 0)
		atomic_fetch_sub(own, 1);
}
