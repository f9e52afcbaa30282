# Warnings are errors in our code. Third-party headers are SYSTEM and stay silent.
add_library(ouro_warnings INTERFACE)
target_compile_options(
  ouro_warnings
  INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wnon-virtual-dtor
            -Wold-style-cast -Wimplicit-fallthrough -Wmissing-declarations -Werror)
