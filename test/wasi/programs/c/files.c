// One file's life: written, appended to, read back in pieces, holed, cut, described.
#include "say.h"
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

static void show(const char *path) {
  char buffer[64];
  int fd = open(path, O_RDONLY);
  ssize_t got = read(fd, buffer, sizeof buffer);
  printf("  <");
  for (ssize_t i = 0; i < got; i++) putchar(buffer[i] == 0 ? '.' : buffer[i]);
  printf(">\n");
  close(fd);
}

int main(void) {
  int fd = open("note.txt", O_RDWR | O_CREAT | O_EXCL, 0644);
  tried("create", fd);
  tried("create again", open("note.txt", O_WRONLY | O_CREAT | O_EXCL, 0644));
  say("write", write(fd, "hello world", 11));
  say("seek back", lseek(fd, -5, SEEK_END));
  say("overwrite", write(fd, "there", 5));
  say("where", lseek(fd, 0, SEEK_CUR));
  say("before the start", lseek(fd, -1, SEEK_SET));
  struct iovec parts[] = {{"!", 1}, {"", 0}, {"?!", 2}};
  say("in parts", writev(fd, parts, 3));
  show("note.txt");

  char buffer[16] = {0};
  say("read at", pread(fd, buffer, 5, 6));
  printf("  <%s>\n", buffer);
  say("write at", pwrite(fd, "H", 1, 0));
  say("read at the end", read(fd, buffer, sizeof buffer));
  say("cut", ftruncate(fd, 5));
  show("note.txt");
  say("write past the end", pwrite(fd, "x", 1, 9));
  show("note.txt");
  say("lengthen", ftruncate(fd, 12));
  say("to a negative length", ftruncate(fd, -1));
  struct stat about;
  say("describe", fstat(fd, &about));
  printf("  %lld bytes, file %d, folder %d, links %d\n", about.st_size, S_ISREG(about.st_mode), S_ISDIR(about.st_mode), (int)about.st_nlink);
  say("flush", fsync(fd));
  say("flush data", fdatasync(fd));
  say("close", close(fd));
  say("close again", close(fd));
  say("read when closed", read(fd, buffer, 1));

  fd = open("note.txt", O_WRONLY | O_APPEND);
  say("to the start", lseek(fd, 0, SEEK_SET));
  say("append", write(fd, "end", 3));
  tried("read what is for writing", read(fd, buffer, 1));
  close(fd);
  show("note.txt");
  fd = open("note.txt", O_RDONLY);
  tried("write what is for reading", write(fd, "x", 1));
  close(fd);
  close(open("note.txt", O_WRONLY | O_TRUNC));
  stat("note.txt", &about);
  say("after truncating", about.st_size);

  FILE *file = fopen("lines.txt", "w+");
  for (int i = 1; i <= 3; i++) fprintf(file, "line %d of %.1f\n", i, 3.0);
  rewind(file);
  char line[32];
  while (fgets(line, sizeof line, file) != NULL) fputs(line, stdout);
  fclose(file);
  return 0;
}
