/*
 * What the tests of the core share: a fresh folder for each test, files in it, and assertions that say what came.
 */
#ifndef MINISTORE_TESTS_SUPPORT_H
#define MINISTORE_TESTS_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../../core/internal.h"

/** The test's own folder, fresh for each test: use folder_setup and folder_teardown with every test. */
extern char test_folder[];
int folder_setup(void **state);
int folder_teardown(void **state);

#define TEST(function) cmocka_unit_test_setup_teardown(function, folder_setup, folder_teardown)

/** Details of the last failure: pass &why as err, and assert_status prints it. */
extern ministore_error why;

/** Fail the test unless a call came to `expected`; says what it came to, and why. */
#define assert_status(expected, call) check_status(expected, call, #call, __FILE__, __LINE__)
void check_status(ministore_status expected, ministore_status got, const char *call, const char *file, int line);

/** Path of a file in the test's folder; good until 16 more were asked for. */
const char *in_folder(const char *name);

void put_bytes(const char *name, const void *data, size_t size);
void put_text(const char *name, const char *text);
void add_text(const char *name, const char *text);

/** Content of a file, NUL-ended, to be freed; its size unless NULL. */
char *get_bytes(const char *name, size_t *size);
bool is_there(const char *name);
uint64_t size_of(const char *name);

/** Fail the test unless a file holds exactly these bytes. */
void expect_text(const char *name, const char *text);

/** Descriptors that this process has open. */
int open_descriptors(void);

/** Default options. */
ministore_options writer_options(void);
ministore_cursor_options reader_options(void);

/** Open the journal "j" of the test's folder; the table NULL: the real one, options NULL: the defaults. */
ministore_t *open_journal(const ministore__io *io, const ministore_options *options);
ministore_cursor_t *open_cursor(const ministore__io *io, const ministore_cursor_options *options);
void close_journal(ministore_t *j);
void append_text(ministore_t *j, const char *text);

/** Fail the test unless these are the texts that a cursor has to give now, one a line. */
void expect_next(ministore_cursor_t *c, const char *lines);

/** The same for a replay of "j" from its oldest record. */
void expect_records(const char *lines);

/** Header line of a journal's first segment. */
#define HEADER "// MINISTORE JOURNAL v0.1.4\n"

#endif
