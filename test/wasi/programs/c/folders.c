// Folders: made, listed, renamed, removed, and what must not be done to them.
#include "say.h"
#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static int by_name(const void *a, const void *b) { return strcmp(*(char **)a, *(char **)b); }

// Sorted, since no file system promises an order
static void list(const char *path) {
  DIR *folder = opendir(path);
  if (folder == NULL) {
    tried(path, -1);
    return;
  }
  char *names[64];
  int count = 0;
  for (struct dirent *each; (each = readdir(folder)) != NULL && count < 64;) {
    if (each->d_name[0] == '.') continue;
    names[count] = malloc(strlen(each->d_name) + 3);
    sprintf(names[count++], "%s%s", each->d_name, each->d_type == DT_DIR ? "/" : each->d_type == DT_LNK ? "@" : "");
  }
  qsort(names, count, sizeof *names, by_name);
  printf("%s:", path);
  for (int i = 0; i < count; i++) printf(" %s", names[i]);
  printf("\n");
  closedir(folder);
}

static void touch(const char *path) { close(open(path, O_WRONLY | O_CREAT, 0644)); }

int main(void) {
  say("make", mkdir("a", 0755));
  say("make again", mkdir("a", 0755));
  say("make in none", mkdir("none/b", 0755));
  say("make within", mkdir("a/b", 0755));
  touch("a/one");
  touch("a/two");
  touch("a/b/three");
  list(".");
  list("a");
  list("a/b/../../a/./b");
  list("a/one");
  list("none");

  say("remove what is not empty", rmdir("a"));
  say("remove a file as a folder", rmdir("a/one"));
  say("unlink a folder", unlink("a/b") < 0 ? 0 : 1);
  say("rename", rename("a/one", "a/b/uno"));
  say("rename onto another", rename("a/two", "a/b/uno"));
  say("rename what is not there", rename("a/one", "a/b/one"));
  say("rename into itself", rename("a", "a/b/a"));
  say("rename a folder", rename("a/b", "c"));
  list("a");
  list("c");
  say("read a folder as a file", read(open("a", O_RDONLY), (char[1]){0}, 1));
  tried("write a folder", open("a", O_WRONLY));
  tried("a file as a folder", open("c/uno/x", O_RDONLY));
  tried("a file, wanted as a folder", open("c/uno", O_RDONLY | O_DIRECTORY));
  int at = open("c", O_RDONLY | O_DIRECTORY);
  tried("open from a folder", openat(at, "three", O_RDONLY));
  struct stat about;
  say("describe from a folder", fstatat(at, "uno", &about, 0));
  say("unlink from a folder", unlinkat(at, "three", 0));
  say("unlink", unlink("c/uno"));
  say("remove", rmdir("c"));
  say("remove", rmdir("a"));
  say("remove again", rmdir("a"));
  list(".");
  return 0;
}
