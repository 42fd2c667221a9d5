// Descriptors: what they are, how many there may be, and what they are not.
#include "say.h"
#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

int main(void) {
  for (int fd = 0; fd <= 2; fd++) printf("%d %s a terminal\n", fd, isatty(fd) ? "IS" : "is not");
  say("seek the output", lseek(1, 0, SEEK_CUR) < 0 ? 0 : 1);
  say("read none", read(77, (char[1]){0}, 1));
  say("close none", close(77));
  struct stat about;
  say("describe none", fstat(77, &about));

  int fd = open("flags", O_RDWR | O_CREAT, 0644);
  say("append", fcntl(fd, F_GETFL) & O_APPEND);
  tried("set it", fcntl(fd, F_SETFL, O_APPEND));
  printf("append: %s\n", fcntl(fd, F_GETFL) & O_APPEND ? "set" : "NOT SET");
  write(fd, "one", 3);
  lseek(fd, 0, SEEK_SET);
  write(fd, "two", 3);
  fstat(fd, &about);
  say("so it has", (long)about.st_size);
  say("advise", posix_fadvise(fd, 0, 6, POSIX_FADV_SEQUENTIAL));
  say("shut down a file", shutdown(fd, SHUT_RDWR));
  tried("accept from a file", accept(fd, NULL, NULL));

  int lowest = open("flags", O_RDONLY), second = open("flags", O_RDONLY);
  close(lowest);
  printf("numbers are %s\n", open("flags", O_RDONLY) >= 0 && second >= 0 ? "given again" : "USED UP");
  return 0;
}
