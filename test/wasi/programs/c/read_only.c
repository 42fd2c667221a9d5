// A folder that may be read and nothing else: each change must be refused, and none may happen.
#include "say.h"
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

// A descriptor may be had, but not written to
static long put(int flags) { return write(open("/given/file.txt", flags), "x", 1); }

static void refused(const char *what, long result) { printf("%s: %s\n", what, result < 0 ? "refused" : "DONE"); }

int main(void) {
  char buffer[64] = {0};
  int fd = open("/given/file.txt", O_RDONLY);
  say("read", read(fd, buffer, sizeof buffer));
  refused("write what was opened for reading", write(fd, "x", 1));
  refused("cut it", ftruncate(fd, 0));
  refused("stamp it", futimens(fd, (struct timespec[]){{1, 0}, {1, 0}}));
  refused("write", put(O_WRONLY));
  refused("read and write", put(O_RDWR));
  refused("append", put(O_WRONLY | O_APPEND));
  refused("open to truncate", open("/given/file.txt", O_RDONLY | O_TRUNC));
  refused("create", open("/given/new.txt", O_RDONLY | O_CREAT, 0644));
  refused("make a folder", mkdir("/given/new", 0755));
  refused("unlink", unlink("/given/file.txt"));
  refused("remove", rmdir("/given/empty"));
  refused("rename", rename("/given/file.txt", "/given/other.txt"));
  refused("rename out of it", rename("/given/file.txt", "/work/other.txt"));
  refused("rename into it", rename("/work/mine.txt", "/given/mine.txt"));
  refused("link into it", link("/work/mine.txt", "/given/mine.txt"));
  refused("symlink", symlink("file.txt", "/given/link"));
  refused("stamp by its name", utimensat(AT_FDCWD, "/given/file.txt", (struct timespec[]){{1, 0}, {1, 0}}, 0));
  say("copied elsewhere", write(open("/work/copy.txt", O_WRONLY | O_CREAT, 0644), buffer, strlen(buffer)));
  return 0;
}
