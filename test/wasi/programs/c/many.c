// More files in a folder than fit one answer of the host: each must be listed once, also from the middle on.
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define COUNT 700

int main(void) {
  char name[64];
  mkdir("many", 0755);
  for (int i = 0; i < COUNT; i++) {
    snprintf(name, sizeof name, "many/a-name-of-some-length-%04d", i);
    int fd = open(name, O_WRONLY | O_CREAT | O_EXCL, 0644);
    if (fd < 0) {
      perror(name);
      return 1;
    }
    close(fd);
  }
  static int seen[COUNT];
  DIR *folder = opendir("many");
  long middle = 0;
  int listed = 0;
  for (struct dirent *each; (each = readdir(folder)) != NULL;) {
    if (each->d_name[0] == '.') continue;
    seen[atoi(each->d_name + 22)] += 1;
    if (++listed == COUNT / 2) middle = telldir(folder);
  }
  int wrong = 0;
  for (int i = 0; i < COUNT; i++) wrong += seen[i] != 1;
  printf("%d listed, %d wrong\n", listed, wrong);
  seekdir(folder, middle);
  for (listed = 0; readdir(folder) != NULL; listed++) continue;
  printf("%d from the middle on\n", listed);
  rewinddir(folder);
  for (listed = 0; readdir(folder) != NULL; listed++) continue;
  printf("%s again\n", listed >= COUNT ? "all" : "NOT ALL");
  closedir(folder);
  return 0;
}
