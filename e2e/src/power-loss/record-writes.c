/*
 * Loaded into a server (LD_PRELOAD): records what it does to the files of one folder, in the order in which it is done, so that the folder can
 * be rebuilt as a power cut at any moment would have left it. Changes nothing of what is done, but lets one thread at a time do it.
 *
 * A record: kind, name's length, content's length (32 bits each), CLOCK_MONOTONIC in ns before the call, offset (64 bits each), name, content.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum kind { CREATED = 1, WRITTEN, CUT, SYNCED, REMOVED, MOVED };

#define DESCRIPTORS 4096
static char *names[DESCRIPTORS];
static ino_t nodes[DESCRIPTORS];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int record = -1;
static const char *folder;
static size_t folder_length;

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

__attribute__((constructor)) static void begin(void) {
  char path[PATH_MAX];
  const char *to = getenv("GENHOOK_TEST_RECORD_TO");
  folder = getenv("GENHOOK_TEST_RECORD_FOLDER");
  if (to == NULL || folder == NULL) return;
  folder_length = strlen(folder);
  snprintf(path, sizeof path, "%s.%d", to, getpid());
  record = REAL(open)(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

/* What lies below the folder, by its name there; "" is the folder itself. Shared memory is made anew after a crash. */
static const char *below(const char *path) {
  size_t length;
  if (record < 0 || path == NULL || strncmp(path, folder, folder_length) != 0) return NULL;
  path += folder_length;
  if (*path == '\0') return path;
  if (*path != '/') return NULL;
  path += 1;
  length = strlen(path);
  return length > 4 && strcmp(path + length - 4, "-shm") == 0 ? NULL : path;
}

static uint64_t now(void) {
  struct timespec at;
  clock_gettime(CLOCK_MONOTONIC, &at);
  return (uint64_t)at.tv_sec * 1000000000u + (uint64_t)at.tv_nsec;
}

static void note(enum kind kind, uint64_t at, uint64_t offset, const char *name, const void *content, size_t length) {
  uint32_t head[3] = {kind, (uint32_t)strlen(name), (uint32_t)length};
  uint64_t where[2] = {at, offset};
  struct iovec parts[4] = {{head, sizeof head}, {where, sizeof where}, {(void *)name, strlen(name)}, {(void *)content, length}};
  size_t whole = sizeof head + sizeof where + strlen(name) + length;
  if (REAL(writev)(record, parts, 4) != (ssize_t)whole) abort();
}

static int opened(int fd, const char *path, int was_there) {
  const char *name = below(path);
  struct stat found;
  if (fd < 0 || fd >= DESCRIPTORS || fstat(fd, &found) != 0) return fd;
  nodes[fd] = found.st_ino;
  free(names[fd]);
  names[fd] = name == NULL ? NULL : strdup(name);
  if (name != NULL && *name != '\0' && !was_there) note(CREATED, now(), 0, name, NULL, 0);
  return fd;
}

#define OPEN(function, real_call)                                      \
  {                                                                    \
    mode_t mode = 0;                                                   \
    int fd, saved, was_there;                                          \
    struct stat found;                                                 \
    if (flags & O_CREAT) {                                             \
      va_list more;                                                    \
      va_start(more, flags);                                           \
      mode = (mode_t)va_arg(more, int);                                \
      va_end(more);                                                    \
    }                                                                  \
    if (below(path) == NULL) {                                         \
      fd = real_call;                                                  \
      if (fd >= 0 && fd < DESCRIPTORS && record >= 0) {                \
        pthread_mutex_lock(&lock);                                     \
        free(names[fd]);                                               \
        names[fd] = NULL;                                              \
        pthread_mutex_unlock(&lock);                                   \
      }                                                                \
      return fd;                                                       \
    }                                                                  \
    pthread_mutex_lock(&lock);                                         \
    was_there = stat(path, &found) == 0;                               \
    if (was_there && (flags & O_TRUNC) && found.st_size > 0) note(CUT, now(), 0, below(path), NULL, 0); \
    fd = opened(real_call, path, was_there);                           \
    saved = errno;                                                     \
    pthread_mutex_unlock(&lock);                                       \
    errno = saved;                                                     \
    return fd;                                                         \
  }

int open(const char *path, int flags, ...) OPEN(open, REAL(open)(path, flags, mode))
int open64(const char *path, int flags, ...) OPEN(open64, REAL(open64)(path, flags, mode))

/* Whether a descriptor is still of the file that it was opened for: not every close comes by here. */
static int is_ours(int fd) {
  struct stat found;
  return record >= 0 && fd >= 0 && fd < DESCRIPTORS && names[fd] != NULL && fstat(fd, &found) == 0 && found.st_ino == nodes[fd];
}

/* Runs `call` on a file of the folder and records it by `noted` where it went well; `size` is its result. */
#define ON_FILE(type, call, noted)                                                    \
  if (!is_ours(fd)) return call;                                                      \
  {                                                                                   \
    type size;                                                                        \
    int saved;                                                                        \
    uint64_t at;                                                                      \
    pthread_mutex_lock(&lock);                                                        \
    at = now();                                                                       \
    size = call;                                                                      \
    saved = errno;                                                                    \
    if (size >= 0 && names[fd] != NULL) noted;                                        \
    pthread_mutex_unlock(&lock);                                                      \
    errno = saved;                                                                    \
    return size;                                                                      \
  }

ssize_t pwrite64(int fd, const void *bytes, size_t count, off64_t offset) {
  ON_FILE(ssize_t, REAL(pwrite64)(fd, bytes, count, offset), note(WRITTEN, at, (uint64_t)offset, names[fd], bytes, (size_t)size))
}

ssize_t pwrite(int fd, const void *bytes, size_t count, off_t offset) {
  ON_FILE(ssize_t, REAL(pwrite)(fd, bytes, count, offset), note(WRITTEN, at, (uint64_t)offset, names[fd], bytes, (size_t)size))
}

ssize_t write(int fd, const void *bytes, size_t count) {
  ON_FILE(ssize_t, REAL(write)(fd, bytes, count),
          note(WRITTEN, at, (uint64_t)(lseek(fd, 0, SEEK_CUR) - size), names[fd], bytes, (size_t)size))
}

int ftruncate(int fd, off_t length) { ON_FILE(int, REAL(ftruncate)(fd, length), note(CUT, at, (uint64_t)length, names[fd], NULL, 0)) }

int ftruncate64(int fd, off64_t length) {
  ON_FILE(int, REAL(ftruncate64)(fd, length), note(CUT, at, (uint64_t)length, names[fd], NULL, 0))
}

int fsync(int fd) { ON_FILE(int, REAL(fsync)(fd), note(SYNCED, at, 0, names[fd], NULL, 0)) }

int fdatasync(int fd) { ON_FILE(int, REAL(fdatasync)(fd), note(SYNCED, at, 0, names[fd], NULL, 0)) }

int close(int fd) {
  if (record >= 0 && fd >= 0 && fd < DESCRIPTORS && names[fd] != NULL) {
    pthread_mutex_lock(&lock);
    free(names[fd]);
    names[fd] = NULL;
    pthread_mutex_unlock(&lock);
  }
  return REAL(close)(fd);
}

int unlink(const char *path) {
  const char *name = below(path);
  int result;
  uint64_t at;
  if (name == NULL) return REAL(unlink)(path);
  pthread_mutex_lock(&lock);
  at = now();
  result = REAL(unlink)(path);
  if (result == 0) note(REMOVED, at, 0, name, NULL, 0);
  pthread_mutex_unlock(&lock);
  return result;
}

int rename(const char *from, const char *to) {
  const char *name = below(from), *other = below(to);
  int result;
  uint64_t at;
  if (name == NULL || other == NULL) return REAL(rename)(from, to);
  pthread_mutex_lock(&lock);
  at = now();
  result = REAL(rename)(from, to);
  if (result == 0) note(MOVED, at, 0, name, other, strlen(other));
  pthread_mutex_unlock(&lock);
  return result;
}
