# ouro_module(<name> [DEPENDS <lower modules>] [LIBRARIES <third-party targets>])
#
# One OBJECT library per folder of src/ (CMake refuses a cycle among OBJECT libraries) and one test
# program `<name>_test` of all its *_test.cc files. Sources are found by name: a new file needs no
# line here. The layer table of src/README.md is checked by tests/layers.
function(ouro_module name)
  cmake_parse_arguments(ARG "" "" "DEPENDS;LIBRARIES" ${ARGN})
  set(dir "${CMAKE_CURRENT_SOURCE_DIR}/${name}")
  file(GLOB sources CONFIGURE_DEPENDS "${dir}/*.cc" "${dir}/*/*.cc")
  set(tests ${sources})
  list(FILTER sources EXCLUDE REGEX "_test\\.cc$")
  list(FILTER tests INCLUDE REGEX "_test\\.cc$")
  if(NOT sources)
    file(WRITE "${CMAKE_CURRENT_BINARY_DIR}/${name}_empty.cc" "")
    set(sources "${CMAKE_CURRENT_BINARY_DIR}/${name}_empty.cc")
  endif()

  add_library(${name} OBJECT ${sources})
  target_include_directories(${name} PUBLIC "${CMAKE_CURRENT_SOURCE_DIR}"
                                            "${CMAKE_BINARY_DIR}/generated")
  target_link_libraries(${name} PUBLIC tl::expected fmt::fmt ${ARG_DEPENDS}
                                PRIVATE ouro_warnings ${ARG_LIBRARIES})
  set_property(GLOBAL PROPERTY OURO_LIBRARIES_${name} "${ARG_LIBRARIES}")
  set_property(GLOBAL PROPERTY OURO_DEPENDS_${name} "${ARG_DEPENDS}")

  if(tests)
    ouro_closure(${name} objects libraries)
    add_executable(${name}_test "${PROJECT_SOURCE_DIR}/tests/doctest_main.cc" ${tests} ${objects})
    target_include_directories(${name}_test PRIVATE "${CMAKE_CURRENT_SOURCE_DIR}"
                                                    "${CMAKE_BINARY_DIR}/generated")
    target_link_libraries(${name}_test PRIVATE tl::expected fmt::fmt ouro_warnings ouro_doctest
                                               ${libraries})
    target_compile_definitions(${name}_test
                               PRIVATE OURO_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
    set_property(GLOBAL APPEND PROPERTY OURO_TEST_PROGRAMS ${name}_test)
  endif()
endfunction()

# ouro_closure(<module> <objects-var> <libraries-var>): the object files of the module and of all
# it depends on, and the third-party libraries they need.
function(ouro_closure module objects_var libraries_var)
  set(todo ${module})
  set(seen "")
  set(objects "")
  set(libraries "")
  while(todo)
    list(POP_FRONT todo current)
    if(current IN_LIST seen)
      continue()
    endif()
    list(APPEND seen ${current})
    list(APPEND objects $<TARGET_OBJECTS:${current}>)
    get_property(depends GLOBAL PROPERTY OURO_DEPENDS_${current})
    get_property(needed GLOBAL PROPERTY OURO_LIBRARIES_${current})
    list(APPEND todo ${depends})
    list(APPEND libraries ${needed})
  endwhile()
  list(REMOVE_DUPLICATES libraries)
  set(${objects_var} "${objects}" PARENT_SCOPE)
  set(${libraries_var} "${libraries}" PARENT_SCOPE)
endfunction()
