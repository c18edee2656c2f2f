/* SPDX-License-Identifier: ISC */
#include "context/reader_pool.h"

#include <pthread.h>
#include <string.h>
#include <sys/stat.h>

#include "base/memory.h"

/* As many as libuv's pool has threads by default, and a few. */
enum { IDLE_MAX = 8 };

/* What tells one file from the next of its name. */
struct file_identity {
	bool exists;
	dev_t device;
	ino_t inode;
	off_t size;
	struct timespec modified;
};

struct reader_pool {
	char *path;
	struct file_identity identity; /* of the loop's thread alone */
	pthread_mutex_t mutex;	       /* guards what follows */
	struct pooled_reader *idle[IDLE_MAX];
	unsigned idle_count;
	unsigned generation;
};

struct reader_pool *reader_pool_new(const char *path)
{
	struct reader_pool *pool = memory_zalloc(sizeof(*pool));

	pool->path = memory_strdup(path);
	pthread_mutex_init(&pool->mutex, NULL);
	reader_pool_look(pool);
	return pool;
}

static void close_reader(struct pooled_reader *pooled)
{
	index_reader_close(pooled->reader);
	text_analysis_free(pooled->analysis);
	memory_free(pooled);
}

static void close_idle(struct reader_pool *pool)
{
	struct pooled_reader *idle[IDLE_MAX];
	unsigned count;

	pthread_mutex_lock(&pool->mutex);
	count = pool->idle_count;
	memcpy(idle, pool->idle, sizeof(idle));
	pool->idle_count = 0;
	pthread_mutex_unlock(&pool->mutex);
	for (unsigned i = 0; i < count; i++)
		close_reader(idle[i]);
}

void reader_pool_free(struct reader_pool *pool)
{
	if (!pool)
		return;
	close_idle(pool);
	pthread_mutex_destroy(&pool->mutex);
	memory_free(pool->path);
	memory_free(pool);
}

static bool is_same(const struct file_identity *a,
		    const struct file_identity *b)
{
	return a->exists == b->exists && a->device == b->device &&
	       a->inode == b->inode && a->size == b->size &&
	       a->modified.tv_sec == b->modified.tv_sec &&
	       a->modified.tv_nsec == b->modified.tv_nsec;
}

bool reader_pool_look(struct reader_pool *pool)
{
	struct file_identity now;
	struct stat status;

	memset(&now, 0, sizeof(now));
	if (stat(pool->path, &status) == 0) {
		now.exists = true;
		now.device = status.st_dev;
		now.inode = status.st_ino;
		now.size = status.st_size;
		now.modified = status.st_mtim;
	}
	if (is_same(&now, &pool->identity))
		return false;
	pool->identity = now;
	pthread_mutex_lock(&pool->mutex);
	pool->generation++;
	pthread_mutex_unlock(&pool->mutex);
	close_idle(pool);
	return true;
}

struct pooled_reader *reader_pool_take(struct reader_pool *pool,
				       struct fault *fault)
{
	struct pooled_reader *pooled = NULL;
	struct index_reader *reader;
	unsigned generation;

	pthread_mutex_lock(&pool->mutex);
	if (pool->idle_count > 0)
		pooled = pool->idle[--pool->idle_count];
	generation = pool->generation;
	pthread_mutex_unlock(&pool->mutex);
	if (pooled)
		return pooled;
	reader = index_reader_open(pool->path, fault);
	if (!reader)
		return NULL;
	pooled = memory_zalloc(sizeof(*pooled));
	pooled->reader = reader;
	pooled->analysis = text_analysis_new();
	pooled->generation = generation;
	return pooled;
}

void reader_pool_give(struct reader_pool *pool, struct pooled_reader *pooled)
{
	bool is_kept;

	pthread_mutex_lock(&pool->mutex);
	is_kept = pooled->generation == pool->generation &&
		  pool->idle_count < IDLE_MAX;
	if (is_kept)
		pool->idle[pool->idle_count++] = pooled;
	pthread_mutex_unlock(&pool->mutex);
	if (!is_kept)
		close_reader(pooled);
}
