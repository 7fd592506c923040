/* A system clock that somebody sets back, for one process (see test_clock.py).

   Loaded before the C library (LD_PRELOAD), it adds to the time of day as many seconds
   as stand, as a long, in the file that CLOCK_OFFSET names. The file is mapped: what a
   test writes into it holds from the next look at the clock on. The clocks that nobody
   sets are left alone, as they are when a real one is set. */

#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static const volatile long *offset;

__attribute__((constructor)) static void watch_the_file(void)
{
    int file = open(getenv("CLOCK_OFFSET"), O_RDONLY);
    if (file < 0)
        abort();
    offset = mmap(NULL, sizeof *offset, PROT_READ, MAP_SHARED, file, 0);
    close(file);
    if (offset == MAP_FAILED)
        abort();
}

int clock_gettime(clockid_t which, struct timespec *now)
{
    int failed = syscall(SYS_clock_gettime, which, now);
    if (!failed && which == CLOCK_REALTIME && offset)
        now->tv_sec += *offset;
    return failed;
}
