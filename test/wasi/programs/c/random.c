// Random bytes: not twice the same, not all alike, and no more at once than getentropy gives.
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int main(void) {
  unsigned char a[256] = {0}, b[256] = {0};
  int seen[256] = {0}, different = 0;
  printf("%d %d\n", getentropy(a, sizeof a), getentropy(b, sizeof b));
  for (unsigned i = 0; i < sizeof a; i++) different += seen[a[i]]++ == 0;
  printf("%s %s\n", memcmp(a, b, sizeof a) == 0 ? "THE SAME" : "not the same", different > 100 ? "mixed" : "ALIKE");
  printf("%d\n", getentropy(a, 0));
  return 0;
}
