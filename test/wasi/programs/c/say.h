// One line for each step: what was tried, and what came of it. Errors by libc's own words.
#include <errno.h>
#include <stdio.h>
#include <string.h>

static inline long say(const char *what, long result) {
  if (result < 0) printf("%s: %s\n", what, strerror(errno));
  else printf("%s: %ld\n", what, result);
  return result;
}

// For results whose value means nothing, such as the number of a descriptor
static inline long tried(const char *what, long result) {
  printf("%s: %s\n", what, result < 0 ? strerror(errno) : "done");
  return result;
}
