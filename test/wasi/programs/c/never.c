// Never ends by itself: `never spin` keeps computing, `never sleep` sleeps for an hour,
// `never read` and `never poll` wait for input, `never print` prints on and on.
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char **argv) {
  const char *how = argc > 1 ? argv[1] : "spin";
  puts("begun");
  fflush(stdout);
  if (strcmp(how, "sleep") == 0) sleep(3600);
  if (strcmp(how, "read") == 0) getchar();
  if (strcmp(how, "poll") == 0) poll(&(struct pollfd){0, POLLIN, 0}, 1, -1);
  while (strcmp(how, "print") == 0) puts("and on");
  for (volatile unsigned i = 0;; i++) continue;
}
