# How all C here is compiled: C11, hidden symbols, many warnings, and the sanitizers asked for.
# As part of another project nothing of that project is changed: all is set for this folder and below.
set(CMAKE_C_STANDARD 11)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS OFF)
set(CMAKE_C_VISIBILITY_PRESET hidden)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
    set(CMAKE_BUILD_TYPE Release)
endif()

add_compile_options(-Wall -Wextra -Wpedantic -Wconversion)
if(MINISTORE_WERROR)
    add_compile_options(-Werror)
endif()

if(MINISTORE_SANITIZE)
    add_compile_options(-fsanitize=${MINISTORE_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
    add_link_options(-fsanitize=${MINISTORE_SANITIZE})
endif()

if(MINISTORE_FUZZER)
    add_compile_options(-fsanitize=fuzzer-no-link) # what the core does guides the fuzzer
endif()

# Let a shared library export what its version script lists, and nothing else.
function(export_only library map)
    if(NOT APPLE)
        set_target_properties(${library} PROPERTIES LINK_DEPENDS ${PROJECT_SOURCE_DIR}/${map})
        target_link_options(${library} PRIVATE -Wl,--version-script=${PROJECT_SOURCE_DIR}/${map})
    endif()
endfunction()
