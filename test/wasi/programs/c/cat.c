// Copies its input, or the files that it is given, to its output by read and write, and counts on the other.
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

static char buffer[5000];

static long copy(int from) {
  long total = 0;
  for (ssize_t got; (got = read(from, buffer, sizeof buffer)) != 0; total += got) {
    if (got < 0) return -1;
    for (ssize_t done = 0, wrote; done < got; done += wrote) {
      wrote = write(1, buffer + done, got - done);
      if (wrote < 0) return -1;
    }
  }
  return total;
}

int main(int argc, char **argv) {
  long total = 0;
  for (int i = 1; i < argc || i == 1; i++) {
    int from = argc == 1 ? 0 : open(argv[i], O_RDONLY);
    long copied = from < 0 ? -1 : copy(from);
    if (copied < 0) {
      perror(argv[i]);
      return 1;
    }
    total += copied;
  }
  fprintf(stderr, "%ld bytes\n", total);
  return 0;
}
