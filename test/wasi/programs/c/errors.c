// The errors that a program tells apart, by their names.
#include "say.h"
#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

int main(void) {
  char *long_name = malloc(300);
  memset(long_name, 'x', 299);
  long_name[299] = 0;
  tried("not there", open("none", O_RDONLY));
  tried("nor the folder", open("none/none", O_WRONLY | O_CREAT, 0644));
  tried("no name", open("", O_RDONLY));
  tried("a long name", open(long_name, O_WRONLY | O_CREAT, 0644));
  tried("a file with a slash", open("file.txt/", O_RDONLY));
  tried("a folder to write", open("folder", O_RDWR));
  say("describe none", stat("none", &(struct stat){0}));
  say("access", access("file.txt", R_OK));
  say("access none", access("none", R_OK));
  say("unlink none", unlink("none"));
  say("folder over a file", mkdir("file.txt", 0755));
  say("rename a file over a folder", rename("file.txt", "folder"));
  say("rename a folder over a file", rename("folder", "file.txt"));
  say("rename to itself", rename("file.txt", "file.txt"));
  say("read link of none", readlink("none", long_name, 10));
  printf("chdir: %s\n", chdir("folder") == 0 ? "done" : strerror(errno));
  tried("and from there", open("within.txt", O_RDONLY));
  tried("and up again", open("../file.txt", O_RDONLY));
  return 0;
}
