// Every way out of its directory that a program may try. None may give it anything.
// Where the host left no links there is nothing to try with them.
#include "say.h"
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static void look(const char *path) {
  char buffer[64];
  int fd = open(path, O_RDONLY);
  ssize_t got = fd < 0 ? -1 : read(fd, buffer, sizeof buffer);
  printf("%s %s\n", path, got > 0 ? "ESCAPED" : "kept in");
}

static void report(const char *what, long result) { printf("%s %s\n", what, result < 0 ? "kept in" : "ESCAPED"); }

int main(void) {
  struct stat about;
  mkdir("inside", 0755);
  const char *paths[] = {"../secret", "/../secret", "inside/../../secret", "./../secret", "inside/.././../secret", "inside/../../box/../secret", "../../../../../../etc/passwd", "/etc/passwd", "/proc/self/environ", "//etc/passwd"};
  for (unsigned i = 0; i < sizeof paths / sizeof *paths; i++) look(paths[i]);

  // Links that may be made, or may be refused, but lead nowhere
  symlink("../secret", "up");
  symlink("/etc/passwd", "absolute");
  symlink("..", "parent");
  symlink("inside/../..", "around");
  symlink("up", "chained");
  look("up");
  look("absolute");
  look("parent/secret");
  look("around/secret");
  look("chained");
  // Links that the host left there
  look("host-link");
  look("host-parent/secret");
  look("host-chain");

  report("create outside", open("../created", O_WRONLY | O_CREAT, 0644));
  report("create through a link", open("host-parent/created", O_WRONLY | O_CREAT, 0644));
  int is_there = lstat("host-dangling", &about) == 0;
  report("create at the end of a link", is_there ? open("host-dangling", O_WRONLY | O_CREAT, 0644) : -1);
  report("folder outside", mkdir("../made", 0755));
  report("unlink outside", unlink("../secret"));
  report("rename outwards", rename("inside", "../inside"));
  report("rename inwards", rename("../secret", "stolen"));
  report("link inwards", link("../secret", "stolen"));
  report("link by a link", link("host-parent/secret", "stolen"));
  report("describe outside", stat("../secret", &about));
  report("remove outside", rmdir("../empty"));
  int inside = open("inside", O_RDONLY | O_DIRECTORY);
  report("from a folder", openat(inside, "../../secret", O_RDONLY));
  DIR *parent = opendir("..");
  report("list outside", parent == NULL ? -1 : 0);
  look("stolen");
  return 0;
}
