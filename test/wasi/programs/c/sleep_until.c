// Sleeps until a point in time, and not for as long as since that clock began.
#include <stdio.h>
#include <time.h>

int main(void) {
  clockid_t clocks[] = {CLOCK_MONOTONIC, CLOCK_REALTIME};
  for (int i = 0; i < 2; i++) {
    struct timespec until, after;
    clock_gettime(clocks[i], &until);
    until.tv_nsec += 10000000;
    if (until.tv_nsec >= 1000000000) until.tv_nsec -= 1000000000, until.tv_sec += 1;
    printf("%d ", clock_nanosleep(clocks[i], TIMER_ABSTIME, &until, NULL));
    clock_gettime(clocks[i], &after);
    // A tenth of a millisecond, since a timer may round
    long long early = (until.tv_sec - after.tv_sec) * 1000000000 + until.tv_nsec - after.tv_nsec;
    puts(early <= 100000 ? "slept until then" : "TOO SHORT");
    // What is past is not waited for
    until.tv_sec -= 3600;
    printf("%d\n", clock_nanosleep(clocks[i], TIMER_ABSTIME, &until, NULL));
  }
  return 0;
}
