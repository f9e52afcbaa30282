# Libraries come from the distribution. Each is wrapped by one .cc; docs/decisions/ says why it is
# here. scripts/install-dependencies lists the packages.
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
find_package(fmt REQUIRED)
find_package(tl-expected REQUIRED)
find_package(simdjson REQUIRED)
pkg_check_modules(YAML REQUIRED IMPORTED_TARGET yaml-0.1)
pkg_check_modules(CURL REQUIRED libcurl>=7.88)
find_path(DOCTEST_INCLUDE doctest/doctest.h REQUIRED)
find_path(CLI11_INCLUDE CLI/CLI.hpp REQUIRED)
find_package(pugixml REQUIRED)
find_package(date REQUIRED)

# Linked statically: the program starts faster and needs fewer shared objects (perf/README.md).
find_library(RE2_STATIC NAMES libre2.a REQUIRED)
find_library(SQLITE_STATIC NAMES libsqlite3.a REQUIRED)
add_library(ouro_re2 INTERFACE)
target_link_libraries(ouro_re2 INTERFACE ${RE2_STATIC} Threads::Threads)
add_library(ouro_sqlite INTERFACE)
target_link_libraries(ouro_sqlite INTERFACE ${SQLITE_STATIC} Threads::Threads m ${CMAKE_DL_LIBS})
add_library(ouro_date INTERFACE)
target_link_libraries(ouro_date INTERFACE date::date-tz)
add_library(ouro_doctest INTERFACE)
target_include_directories(ouro_doctest SYSTEM INTERFACE ${DOCTEST_INCLUDE} ${DOCTEST_INCLUDE}/doctest)
add_library(ouro_cli11 INTERFACE)
target_include_directories(ouro_cli11 SYSTEM INTERFACE ${CLI11_INCLUDE})

# Only the headers: libcurl brings some thirty shared objects, so it is loaded when it is first used
# (docs/decisions/0006-libcurl.md).
add_library(ouro_curl INTERFACE)
target_include_directories(ouro_curl SYSTEM INTERFACE ${CURL_INCLUDE_DIRS})
target_link_libraries(ouro_curl INTERFACE ${CMAKE_DL_LIBS})

# Boost.Asio and Boost.Beast are headers. OpenSSL is linked statically: its shared objects would
# lengthen the start of every command (docs/decisions/0008-boost-beast.md). libcurl brings its own
# when it is loaded; nothing of ours is exported, so the two never meet.
find_path(BOOST_INCLUDE boost/beast/http.hpp REQUIRED)
find_path(OPENSSL_INCLUDE openssl/ssl.h REQUIRED)
find_library(SSL_STATIC NAMES libssl.a REQUIRED)
find_library(CRYPTO_STATIC NAMES libcrypto.a REQUIRED)
add_library(ouro_beast INTERFACE)
target_include_directories(ouro_beast SYSTEM INTERFACE ${BOOST_INCLUDE} ${OPENSSL_INCLUDE})
target_compile_definitions(ouro_beast INTERFACE BOOST_ASIO_DISABLE_CO_AWAIT)
target_link_libraries(ouro_beast INTERFACE ${SSL_STATIC} ${CRYPTO_STATIC} Threads::Threads
                                           ${CMAKE_DL_LIBS})
