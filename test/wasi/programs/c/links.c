// Links of both kinds, followed, read, dangling and in a circle.
#include "say.h"
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static void show(const char *path) {
  char buffer[64] = {0};
  int fd = open(path, O_RDONLY);
  if (tried(path, fd) >= 0) printf("  <%.*s>\n", (int)read(fd, buffer, sizeof buffer), buffer);
}

static void kind(const char *path) {
  struct stat about;
  if (say(path, lstat(path, &about)) == 0)
    printf("  %s\n", S_ISLNK(about.st_mode) ? "symlink" : S_ISDIR(about.st_mode) ? "folder" : S_ISREG(about.st_mode) ? "file" : "other");
}

int main(void) {
  int fd = open("target", O_WRONLY | O_CREAT, 0644);
  write(fd, "the target", 10);
  close(fd);
  mkdir("folder", 0755);
  say("symlink", symlink("target", "link"));
  say("symlink again", symlink("target", "link"));
  mkdir("folder/below", 0755);
  close(open("folder/below/inner", O_WRONLY | O_CREAT, 0644));
  say("downwards", symlink("below/inner", "folder/down"));
  say("to a folder", symlink("folder", "shortcut"));
  say("dangling", symlink("nowhere", "dangling"));
  say("one way", symlink("circle-b", "circle-a"));
  say("and back", symlink("circle-a", "circle-b"));
  kind("link");
  kind("target");
  kind("shortcut");
  show("link");
  show("folder/down");
  show("shortcut/down");
  show("dangling");
  show("circle-a");
  tried("not followed", open("link", O_RDONLY | O_NOFOLLOW));
  char buffer[64] = {0};
  say("read a link", readlink("folder/down", buffer, sizeof buffer));
  printf("  <%s>\n", buffer);
  memset(buffer, 0, sizeof buffer);
  say("read part of it", readlink("folder/down", buffer, 4));
  printf("  <%s>\n", buffer);
  say("read what is none", readlink("target", buffer, sizeof buffer));

  say("hard link", link("target", "twin"));
  say("hard link again", link("target", "twin"));
  struct stat about;
  stat("twin", &about);
  say("links", (long)about.st_nlink);
  fd = open("twin", O_WRONLY | O_APPEND);
  write(fd, " and twin", 9);
  close(fd);
  say("unlink one", unlink("target"));
  show("twin");
  show("link");
  say("unlink a link", unlink("link"));
  kind("link");
  return 0;
}
