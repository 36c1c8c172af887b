/*
 * How a group of appends is answered: each of it is woken by one other, and told before that one is. For who is told may
 * leave at once and wake the next, who would wait for ever if it had no answer then.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "internal.h"

static void note_answer(ministore__turn *turn, unsigned value);

#undef atomic_store_explicit
#define atomic_store_explicit(object, value, order) note_answer(object, value)
#include "commit.c" /* answer and link_turns are its own */

enum { MOST = 6 * WOKEN_AT_ONCE };

static ministore__request requests[MOST];
static size_t answers;

/** Stands for the store that tells one of the group: who was to be woken by it must have been told. */
static void note_answer(ministore__turn *turn, unsigned value) {
    for (size_t i = 0; i < MOST; i++)
        if (&requests[i].turn == turn && requests[i].next_turn)
            assert_int_equal(atomic_load(requests[i].next_turn), DONE);
    assert_int_equal(value, DONE);
    *turn = value;
    answers++;
}

static void form_group(size_t size) {
    memset(requests, 0, sizeof requests);
    for (size_t i = 0; i + 1 < size; i++) requests[i].next = &requests[i + 1];
    answers = 0;
}

static size_t times_woken(const ministore__turn *turn, size_t size, ministore__turn *const first[WOKEN_AT_ONCE]) {
    size_t times = 0;
    for (size_t i = 0; i < size; i++) times += requests[i].next_turn == turn;
    for (size_t i = 0; i < WOKEN_AT_ONCE; i++) times += first[i] == turn;
    return times;
}

static void each_is_woken_by_one_and_told_before_it(void **state) {
    (void)state;
    for (size_t size = 1; size <= MOST; size++) {
        ministore__turn *first[WOKEN_AT_ONCE];
        const ministore_error none = {.status = MINISTORE_OK};
        form_group(size);
        link_turns(requests, first);
        for (size_t i = 0; i < size; i++) assert_int_equal(times_woken(&requests[i].turn, size, first), 1);
        answer(requests, MINISTORE_OK, &none);
        assert_int_equal(answers, size);
    }
}

static void each_gets_the_error_that_asked_for_one(void **state) {
    (void)state;
    ministore_error errors[MOST] = {{.status = MINISTORE_OK}};
    const ministore_error error = {.status = MINISTORE_NO_SPACE, .os_error = 28};
    form_group(MOST);
    for (size_t i = 0; i < MOST; i += 2) requests[i].err = &errors[i];
    answer(requests, MINISTORE_NO_SPACE, &error);
    assert_int_equal(answers, MOST);
    for (size_t i = 0; i < MOST; i++) {
        assert_int_equal(requests[i].status, MINISTORE_NO_SPACE);
        assert_int_equal(errors[i].os_error, i % 2 == 0 ? 28 : 0);
    }
}

static void one_goes_in_alone_at_a_time(void **state) {
    static ministore_t j;
    (void)state;
    assert_true(enter_alone(&j));
    assert_false(enter_alone(&j));
    leave_alone(&j);
    assert_true(enter_alone(&j));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_goes_in_alone_at_a_time),
        cmocka_unit_test(each_is_woken_by_one_and_told_before_it),
        cmocka_unit_test(each_gets_the_error_that_asked_for_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
