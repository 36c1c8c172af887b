# Toolchain for another architecture, run by qemu-user where need be: -DMINISTORE_ARCH=s390x|aarch64|i686 -DMINISTORE_SYSROOT=FOLDER with
# Debian's cmocka and cJSON unpacked. Used by script/parts/arch.sh.
list(APPEND CMAKE_TRY_COMPILE_PLATFORM_VARIABLES MINISTORE_ARCH MINISTORE_SYSROOT)
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR ${MINISTORE_ARCH})
set(CMAKE_C_COMPILER ${MINISTORE_ARCH}-linux-gnu-gcc)
set(CMAKE_FIND_ROOT_PATH ${MINISTORE_SYSROOT})
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)
set(CMAKE_C_FLAGS_INIT "-isystem ${MINISTORE_SYSROOT}/usr/include")
if(MINISTORE_ARCH STREQUAL i686)
    # The machine itself runs it, by that architecture's loader.
    set(CMAKE_CROSSCOMPILING_EMULATOR /usr/i686-linux-gnu/lib/ld-linux.so.2
        --library-path /usr/i686-linux-gnu/lib:${MINISTORE_SYSROOT}/usr/lib/i386-linux-gnu)
else()
    set(CMAKE_CROSSCOMPILING_EMULATOR qemu-${MINISTORE_ARCH} -L /usr/${MINISTORE_ARCH}-linux-gnu)
endif()
