/*
 * Turns: a number that threads wait on until it changes. On Linux a futex: those who wake need no lock, and all wake by
 * one call, which is what a group commit lives on (docs/performance.md). Elsewhere a condition variable.
 */
#ifndef __APPLE__
#define _GNU_SOURCE
#endif
#include "internal.h"

#include <errno.h>
#include <limits.h>
#include <time.h>

enum { SECOND_NS = 1000 * 1000 * 1000 };

uint32_t ministore__turn_now(ministore__turn *turn) {
    return atomic_load_explicit(&turn->number, memory_order_acquire);
}

#if MINISTORE__FUTEX

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

void ministore__turn_init(ministore__turn *turn) {
    atomic_init(&turn->number, 0);
}

void ministore__turn_free(ministore__turn *turn) {
    (void)turn;
}

void ministore__turn_change(ministore__turn *turn) {
    atomic_fetch_add_explicit(&turn->number, 1, memory_order_release);
}

void ministore__turn_wake(ministore__turn *turn, bool all) {
    (void)syscall(SYS_futex, &turn->number, FUTEX_WAKE_PRIVATE, all ? INT_MAX : 1, NULL, NULL, 0);
}

bool ministore__turn_wait(ministore__turn *turn, uint32_t seen, int64_t timeout_ns) {
    struct { long seconds, nanoseconds; } limit = {(long)(timeout_ns / SECOND_NS), (long)(timeout_ns % SECOND_NS)};
    long result = syscall(SYS_futex, &turn->number, FUTEX_WAIT_PRIVATE, seen, timeout_ns < 0 ? NULL : &limit, NULL, 0);
    return result == 0 || errno != ETIMEDOUT;
}

#else

void ministore__turn_init(ministore__turn *turn) {
    atomic_init(&turn->number, 0);
    pthread_mutex_init(&turn->mutex, NULL);
    pthread_cond_init(&turn->changed, NULL);
}

void ministore__turn_free(ministore__turn *turn) {
    pthread_cond_destroy(&turn->changed);
    pthread_mutex_destroy(&turn->mutex);
}

void ministore__turn_change(ministore__turn *turn) {
    pthread_mutex_lock(&turn->mutex);
    atomic_fetch_add_explicit(&turn->number, 1, memory_order_release);
    pthread_mutex_unlock(&turn->mutex);
}

void ministore__turn_wake(ministore__turn *turn, bool all) {
    (void)(all ? pthread_cond_broadcast(&turn->changed) : pthread_cond_signal(&turn->changed));
}

/* By the clock of the day, as not every system has conditions on another: a clock set meanwhile ends a wait early or
   late, and whoever waits with a limit looks again after it. */
static struct timespec end_of_wait(int64_t timeout_ns) {
    struct timespec end;
    clock_gettime(CLOCK_REALTIME, &end);
    end.tv_nsec += (long)(timeout_ns % SECOND_NS);
    end.tv_sec += (time_t)(timeout_ns / SECOND_NS) + end.tv_nsec / SECOND_NS;
    end.tv_nsec %= SECOND_NS;
    return end;
}

bool ministore__turn_wait(ministore__turn *turn, uint32_t seen, int64_t timeout_ns) {
    struct timespec end = end_of_wait(timeout_ns < 0 ? 0 : timeout_ns);
    int result = 0;
    pthread_mutex_lock(&turn->mutex);
    if (atomic_load(&turn->number) == seen)
        result = timeout_ns < 0 ? pthread_cond_wait(&turn->changed, &turn->mutex)
                                : pthread_cond_timedwait(&turn->changed, &turn->mutex, &end);
    pthread_mutex_unlock(&turn->mutex);
    return result != ETIMEDOUT;
}

#endif
