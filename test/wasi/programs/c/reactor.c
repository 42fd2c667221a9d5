// No command but a library: what `_initialize` set up is there when its functions are called, and stays between calls.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *greeting;
static int calls;

__attribute__((constructor)) static void prepare(void) {
  const char *name = getenv("NAME");
  greeting = malloc(64);
  snprintf(greeting, 64, "hello, %s", name == NULL ? "nobody" : name);
}

__attribute__((export_name("greet"))) int greet(void) {
  calls += 1;
  printf("%s (%d)\n", greeting, calls);
  fflush(stdout);
  return (int)strlen(greeting);
}

__attribute__((export_name("leave"))) void leave(int code) { exit(code); }
