# Libraries come from the distribution. Each is wrapped by one .cc; docs/decisions/ says why it is
# here. scripts/install-dependencies lists the packages.
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
find_package(fmt REQUIRED)
find_package(tl-expected REQUIRED)
find_package(simdjson REQUIRED)
pkg_check_modules(YAML REQUIRED IMPORTED_TARGET yaml-0.1)
find_path(DOCTEST_INCLUDE doctest/doctest.h REQUIRED)
find_path(CLI11_INCLUDE CLI/CLI.hpp REQUIRED)

# Linked statically: the program starts faster and needs fewer shared objects (perf/README.md).
find_library(RE2_STATIC NAMES libre2.a REQUIRED)
find_library(SQLITE_STATIC NAMES libsqlite3.a REQUIRED)
add_library(ouro_re2 INTERFACE)
target_link_libraries(ouro_re2 INTERFACE ${RE2_STATIC} Threads::Threads)
add_library(ouro_sqlite INTERFACE)
target_link_libraries(ouro_sqlite INTERFACE ${SQLITE_STATIC} Threads::Threads m ${CMAKE_DL_LIBS})
add_library(ouro_doctest INTERFACE)
target_include_directories(ouro_doctest SYSTEM INTERFACE ${DOCTEST_INCLUDE} ${DOCTEST_INCLUDE}/doctest)
add_library(ouro_cli11 INTERFACE)
target_include_directories(ouro_cli11 SYSTEM INTERFACE ${CLI11_INCLUDE})
