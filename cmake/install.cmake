# What `cmake --install` puts where: headers, libraries, the command, its man page, pkg-config files and the CMake
# package. All of it finds itself relative to its own place, so that an installed prefix may be moved.
include(CMakePackageConfigHelpers)

install(TARGETS ${installed_targets} EXPORT ministoreTargets)
install(TARGETS ministore_command)
install(FILES core/include/ministore.h TYPE INCLUDE)
install(FILES docs/man/ministore.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/ministore)
install(EXPORT ministoreTargets NAMESPACE ministore:: DESTINATION ${package_dir})
configure_package_config_file(cmake/ministoreConfig.cmake.in ministoreConfig.cmake INSTALL_DESTINATION ${package_dir})
write_basic_package_version_file(ministoreConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/ministoreConfig.cmake ${PROJECT_BINARY_DIR}/ministoreConfigVersion.cmake
    DESTINATION ${package_dir})

file(RELATIVE_PATH PREFIX_FROM_PC ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig ${CMAKE_INSTALL_PREFIX})
file(RELATIVE_PATH LIBDIR_FROM_PREFIX ${CMAKE_INSTALL_PREFIX} ${CMAKE_INSTALL_FULL_LIBDIR})
file(RELATIVE_PATH INCLUDEDIR_FROM_PREFIX ${CMAKE_INSTALL_PREFIX} ${CMAKE_INSTALL_FULL_INCLUDEDIR})
configure_file(cmake/ministore.pc.in ministore.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/ministore.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)

if(cJSON_FOUND)
    install(FILES core/cjson/ministore_cjson.h TYPE INCLUDE)
    configure_file(cmake/ministore_cjson.pc.in ministore_cjson.pc @ONLY)
    install(FILES ${PROJECT_BINARY_DIR}/ministore_cjson.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
endif()
