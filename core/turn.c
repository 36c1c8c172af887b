/*
 * Turns: numbers that threads wait on until they change. On Linux by futex; elsewhere by condition variables, found by
 * the number's address, as one may be gone when another thread wakes who waited for it (docs/performance.md).
 */
#ifndef __APPLE__
#define _GNU_SOURCE
#endif
#include "internal.h"

#include <errno.h>
#include <time.h>

enum { SECOND_NS = 1000 * 1000 * 1000 };

#if MINISTORE__FUTEX

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

void ministore__lots_init(ministore__lots *lots) {
    (void)lots;
}

void ministore__lots_free(ministore__lots *lots) {
    (void)lots;
}

void ministore__turn_wake(ministore__lots *lots, ministore__turn *turn) {
    (void)lots;
    (void)syscall(SYS_futex, turn, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

bool ministore__turn_wait(ministore__lots *lots, ministore__turn *turn, unsigned seen, int64_t timeout_ns) {
    struct { long seconds, nanoseconds; } limit = {(long)(timeout_ns / SECOND_NS), (long)(timeout_ns % SECOND_NS)};
    (void)lots;
    long result = syscall(SYS_futex, turn, FUTEX_WAIT_PRIVATE, seen, timeout_ns < 0 ? NULL : &limit, NULL, 0);
    return result == 0 || errno != ETIMEDOUT;
}

#else

enum { LOTS = sizeof(ministore__lots) / sizeof(((ministore__lots *)NULL)->lots[0]) };

void ministore__lots_init(ministore__lots *lots) {
    for (int i = 0; i < LOTS; i++) {
        pthread_mutex_init(&lots->lots[i].mutex, NULL);
        pthread_cond_init(&lots->lots[i].changed, NULL);
    }
}

void ministore__lots_free(ministore__lots *lots) {
    for (int i = 0; i < LOTS; i++) {
        pthread_cond_destroy(&lots->lots[i].changed);
        pthread_mutex_destroy(&lots->lots[i].mutex);
    }
}

/* Stacks of threads lie at distances of powers of two: the golden ratio spreads them (Knuth, TAOCP 3, 6.4). */
static unsigned lot_of(const ministore__turn *turn) {
    return (unsigned)(((uint64_t)(uintptr_t)turn * UINT64_C(0x9E3779B97F4A7C15)) >> 32) % LOTS;
}

void ministore__turn_wake(ministore__lots *lots, ministore__turn *turn) {
    unsigned i = lot_of(turn);
    pthread_mutex_lock(&lots->lots[i].mutex); /* whoever has seen the old number waits now */
    pthread_mutex_unlock(&lots->lots[i].mutex);
    pthread_cond_broadcast(&lots->lots[i].changed);
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

bool ministore__turn_wait(ministore__lots *lots, ministore__turn *turn, unsigned seen, int64_t timeout_ns) {
    struct timespec end = end_of_wait(timeout_ns < 0 ? 0 : timeout_ns);
    unsigned i = lot_of(turn);
    int result = 0;
    pthread_mutex_lock(&lots->lots[i].mutex);
    while (atomic_load(turn) == seen && result == 0)
        result = timeout_ns < 0 ? pthread_cond_wait(&lots->lots[i].changed, &lots->lots[i].mutex)
                                : pthread_cond_timedwait(&lots->lots[i].changed, &lots->lots[i].mutex, &end);
    pthread_mutex_unlock(&lots->lots[i].mutex);
    return result != ETIMEDOUT;
}

#endif
