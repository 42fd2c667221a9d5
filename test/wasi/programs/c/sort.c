// `sort [-r] [FROM [TO]]`: sorts the lines of a file or of its input.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int reversed;

static int compare(const void *a, const void *b) {
  int order = strcmp(*(char *const *)a, *(char *const *)b);
  return reversed ? -order : order;
}

int main(int argc, char **argv) {
  if (argc > 1 && strcmp(argv[1], "-r") == 0) reversed = 1, argc--, argv++;
  FILE *from = argc > 1 ? fopen(argv[1], "r") : stdin, *to = argc > 2 ? fopen(argv[2], "w") : stdout;
  if (from == NULL || to == NULL) {
    perror(from == NULL ? argv[1] : argv[2]);
    return 2;
  }
  char **lines = NULL, *line = NULL;
  size_t count = 0, space = 0;
  for (size_t size = 0; getline(&line, &size, from) >= 0; line = NULL, size = 0) {
    if (count == space) lines = realloc(lines, (space = space * 2 + 16) * sizeof *lines);
    if (lines == NULL) return 3;
    lines[count++] = line;
  }
  qsort(lines, count, sizeof *lines, compare);
  for (size_t i = 0; i < count; i++) fputs(lines[i], to);
  fprintf(stderr, "%zu lines\n", count);
  return fclose(to) == 0 ? 0 : 4;
}
