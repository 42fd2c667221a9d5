// Clocks go forward, and sleeping takes the time that it should.
#include <stdio.h>
#include <sys/stat.h>
#include <fcntl.h>
#include <time.h>
#include <unistd.h>

static double now(clockid_t clock) {
  struct timespec at;
  return clock_gettime(clock, &at) < 0 ? -1 : (double)at.tv_sec * 1e3 + (double)at.tv_nsec / 1e6;
}

static void check(const char *what, int holds) { printf("%s: %s\n", what, holds ? "yes" : "NO"); }

int main(void) {
  double realtime = now(CLOCK_REALTIME), monotonic = now(CLOCK_MONOTONIC);
  check("the year is after 2020", realtime > 1.6e12);
  struct timespec resolution;
  check("clocks have a resolution", clock_getres(CLOCK_MONOTONIC, &resolution) == 0 && resolution.tv_nsec > 0 && resolution.tv_sec == 0);
  check("the clock does not go back", now(CLOCK_MONOTONIC) >= monotonic);
  struct timespec pause = {0, 20000000};
  monotonic = now(CLOCK_MONOTONIC);
  check("it slept", nanosleep(&pause, NULL) == 0);
  // Some hosts wake a tick early
  check("for 20 ms", now(CLOCK_MONOTONIC) - monotonic >= 18);
  time_t at = 951782400;
  char text[32];
  strftime(text, sizeof text, "%Y-%m-%d", gmtime(&at));
  puts(text);

  int fd = open("stamped", O_WRONLY | O_CREAT, 0644);
  struct stat about;
  fstat(fd, &about);
  check("a new file is new", about.st_mtim.tv_sec >= (long long)(realtime / 1000) - 1);
  struct timespec times[] = {{1000000000, 500000000}, {1000000001, 0}};
  check("its times are set", futimens(fd, times) == 0);
  fstat(fd, &about);
  printf("%lld.%03ld %lld\n", about.st_atim.tv_sec, about.st_atim.tv_nsec / 1000000, about.st_mtim.tv_sec);
  struct timespec one[] = {{0, UTIME_OMIT}, {1000000002, 0}};
  check("and by its name", utimensat(AT_FDCWD, "stamped", one, 0) == 0);
  stat("stamped", &about);
  printf("%lld %lld\n", about.st_atim.tv_sec, about.st_mtim.tv_sec);
  return 0;
}
