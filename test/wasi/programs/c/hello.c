// The least that a program does: some text on each output, and success.
#include <stdio.h>

int main(void) {
  puts("hello, world");
  fputs("and hello, errors\n", stderr);
  return 0;
}
