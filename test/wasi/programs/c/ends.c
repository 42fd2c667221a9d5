// The ways to end: `ends return 3`, `ends exit 3`, `ends at-once 3`, `ends abort`, `ends trap`.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void last(void) { puts("last words"); }

int main(int argc, char **argv) {
  const char *how = argc > 1 ? argv[1] : "return";
  int code = argc > 2 ? atoi(argv[2]) : 0;
  atexit(last);
  printf("ending by %s\n", how);
  if (strcmp(how, "exit") == 0) exit(code);
  if (strcmp(how, "at-once") == 0) {
    fflush(stdout);
    _exit(code);
  }
  if (strcmp(how, "abort") == 0) abort();
  if (strcmp(how, "trap") == 0) {
    fprintf(stderr, "panic: %s\n", "the end is near");
    __builtin_trap();
  }
  return code;
}
