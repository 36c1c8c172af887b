# The written lists of C sources and C tests. cmake/check_sources.cmake compares them with the folders, and the core's
# with the rockspec: a file that is in one place only fails the test `sources`.
set(MINISTORE_CORE_SOURCES care.c commit.c crc32c.c cursor.c error.c follow.c header.c io_posix.c journal.c json.c
    json_lines.c json_shape.c path.c recover.c rotate.c scan.c segments.c turn.c walk.c)
set(MINISTORE_CLI_SOURCES append.c arguments.c cat.c cli.c doctor.c lines.c mount.c output.c probe.c process.c
    prune.c records.c repair.c report.c rotate.c stat.c tail.c utf8.c verify.c writer.c)
set(MINISTORE_TESTS test_care.c test_cjson.c test_commit.c test_crc32c.c test_cursor.c test_error.c test_faults.c
    test_follow.c test_group.c test_header.c test_io_posix.c test_journal.c test_journals.c test_json.c test_json_shape.c test_memory.c
    test_options.c test_path.c test_processes.c test_recover.c test_rotate.c test_scan.c test_security.c test_segments.c
    test_syscalls.c test_threads.c)
# Those that are built more than once, for each kind of vector.
set(MINISTORE_VECTOR_TESTS test_json_lines.c)
set(MINISTORE_TEST_HELPERS faults.c model.c support.c)
# Those that run more than one thread: the thread sanitizer's part of script/test runs them.
set(MINISTORE_THREADED_TESTS test_threads.c)
