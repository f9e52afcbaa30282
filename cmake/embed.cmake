# Embedding of data files into the program.
#
# Every checks/**/*.yaml becomes an entry of generated/rules_builtin_checks.inc, which
# src/rules/builtin.cc includes: the path, the part that a scan needs, and the examples, which
# only `ouro rule show` and `ouro rule test` read. A new check needs no line anywhere.
file(GLOB_RECURSE ouro_check_files CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/checks/*.yaml")
list(SORT ouro_check_files)
set(ouro_checks_inc "${CMAKE_BINARY_DIR}/generated/rules_builtin_checks.inc")
add_custom_command(
  OUTPUT "${ouro_checks_inc}"
  COMMAND "${CMAKE_COMMAND}" "-DCHECKS_DIR=${PROJECT_SOURCE_DIR}/checks"
          "-DOUTPUT=${ouro_checks_inc}" -P "${PROJECT_SOURCE_DIR}/cmake/embed_checks.cmake"
  DEPENDS ${ouro_check_files} "${PROJECT_SOURCE_DIR}/cmake/embed_checks.cmake"
  COMMENT "Embedding checks"
  VERBATIM)
add_custom_target(ouro_embedded_checks DEPENDS "${ouro_checks_inc}")
# The module's target does not exist yet when this file is read.
cmake_language(DEFER DIRECTORY "${PROJECT_SOURCE_DIR}" CALL add_dependencies rules
               ouro_embedded_checks)

# catalogue/concepts.csv becomes generated/triage_concepts.inc, which src/triage/concepts.cc includes.
set(ouro_concepts_inc "${CMAKE_BINARY_DIR}/generated/triage_concepts.inc")
add_custom_command(
  OUTPUT "${ouro_concepts_inc}"
  COMMAND "${CMAKE_COMMAND}" "-DINPUT=${PROJECT_SOURCE_DIR}/catalogue/concepts.csv"
          "-DOUTPUT=${ouro_concepts_inc}" -P "${PROJECT_SOURCE_DIR}/cmake/embed_text.cmake"
  DEPENDS "${PROJECT_SOURCE_DIR}/catalogue/concepts.csv" "${PROJECT_SOURCE_DIR}/cmake/embed_text.cmake"
  COMMENT "Embedding the concept catalogue"
  VERBATIM)
add_custom_target(ouro_embedded_concepts DEPENDS "${ouro_concepts_inc}")
cmake_language(DEFER DIRECTORY "${PROJECT_SOURCE_DIR}" CALL add_dependencies triage
               ouro_embedded_concepts)
