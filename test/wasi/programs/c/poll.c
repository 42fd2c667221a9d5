// Waiting: for a time, for input that is there, and for input at its end.
#include "say.h"
#include <poll.h>
#include <time.h>
#include <unistd.h>

int main(void) {
  struct timespec before, after;
  clock_gettime(CLOCK_MONOTONIC, &before);
  say("nothing for 10 ms", poll(NULL, 0, 10));
  clock_gettime(CLOCK_MONOTONIC, &after);
  long long took = (after.tv_sec - before.tv_sec) * 1000000000 + after.tv_nsec - before.tv_nsec;
  printf("  %s\n", took >= 8000000 ? "waited" : "TOO SHORT");
  struct pollfd input = {0, POLLIN, 0}, output = {1, POLLOUT, 0}, both[] = {{0, POLLIN, 0}, {1, POLLOUT, 0}};
  say("input", poll(&input, 1, 5000));
  printf("  %s\n", input.revents & POLLIN ? "in" : "no");
  say("output", poll(&output, 1, 5000));
  printf("  %s\n", output.revents & POLLOUT ? "out" : "no");
  printf("both: %s\n", poll(both, 2, 5000) >= 1 ? "some" : "none");
  char buffer[64];
  say("read", read(0, buffer, sizeof buffer));
  tried("input at its end", poll(&input, 1, 5000) - 1);
  say("read", read(0, buffer, sizeof buffer));
  return 0;
}
