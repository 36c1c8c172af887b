# The test `sources`: every C file of the core, the command and the tests is in the written list, and no list names a
# file that is gone. The rockspec must name each file of the core as well. Run by `cmake -P`.
get_filename_component(root ${CMAKE_CURRENT_LIST_DIR} DIRECTORY)
include(${CMAKE_CURRENT_LIST_DIR}/sources.cmake)

function(expect_same what written pattern)
    file(GLOB found RELATIVE ${root}/${what} ${root}/${what}/${pattern})
    list(SORT found)
    list(SORT written)
    if(NOT found STREQUAL written)
        message(SEND_ERROR "cmake/sources.cmake does not list ${what}/${pattern}:\n listed ${written}\n found  ${found}")
    endif()
endfunction()

expect_same(core "${MINISTORE_CORE_SOURCES}" "*.c")
expect_same(cli "${MINISTORE_CLI_SOURCES};main.c" "*.c")
expect_same(tests/core "${MINISTORE_TESTS};${MINISTORE_VECTOR_TESTS};${MINISTORE_TEST_HELPERS};conformance.c" "*.c")

file(READ ${root}/ministore-scm-1.rockspec rockspec)
string(REGEX MATCHALL "core/[a-z0-9_]+\\.c" in_rockspec "${rockspec}")
list(TRANSFORM in_rockspec REPLACE "core/" "")
list(SORT in_rockspec)
set(listed ${MINISTORE_CORE_SOURCES})
list(SORT listed)
if(NOT in_rockspec STREQUAL listed)
    message(SEND_ERROR "ministore-scm-1.rockspec and cmake/sources.cmake differ:\n rockspec ${in_rockspec}\n listed   ${listed}")
endif()
