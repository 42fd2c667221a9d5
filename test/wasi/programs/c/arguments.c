// What the program was given: arguments and environment, in their order, byte for byte.
#include <stdio.h>
#include <stdlib.h>

extern char **environ;

int main(int argc, char **argv) {
  for (int i = 0; i < argc; i++) printf("%d <%s>\n", i, argv[i]);
  for (char **each = environ; *each != NULL; each++) printf("<%s>\n", *each);
  const char *home = getenv("HOME");
  printf("HOME %s\n", home == NULL ? "is not set" : home);
  return argv[argc] == NULL ? 0 : 1;
}
