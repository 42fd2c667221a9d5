// As much output as asked for: `large BYTES`, in lines that are numbered, and their checksum on the other output.
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv) {
  long bytes = argc > 1 ? atol(argv[1]) : 1000, written = 0;
  unsigned sum = 2166136261u;
  char line[17];
  for (long i = 0; written < bytes; i++) {
    snprintf(line, sizeof line, "%015ld\n", i);
    long length = bytes - written < 16 ? bytes - written : 16;
    for (long at = 0; at < length; at++) sum = (sum ^ (unsigned char)line[at]) * 16777619u;
    written += (long)fwrite(line, 1, length, stdout);
  }
  fflush(stdout);
  fprintf(stderr, "%ld %08x\n", written, sum);
  return ferror(stdout) ? 1 : 0;
}
