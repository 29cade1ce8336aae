# How a module, a program and a test are declared, and the warnings all of them meet.

option(LACHAN_SANITIZE_ADDRESS "ASan and UBSan" OFF)
option(LACHAN_SANITIZE_THREAD "TSan" OFF)
option(LACHAN_FUZZ "build the libFuzzer targets (clang)" OFF)
option(LACHAN_COVERAGE "gcov counters" OFF)
option(LACHAN_WERROR "warnings are errors" ON)

add_library(lachan_flags INTERFACE)
target_compile_definitions(lachan_flags INTERFACE _GNU_SOURCE _FILE_OFFSET_BITS=64
  LACHAN_VERSION="${PROJECT_VERSION}")
target_compile_options(lachan_flags INTERFACE
  -Wall -Wextra -Wconversion -Wsign-conversion -Wshadow -Wstrict-prototypes
  -Wmissing-prototypes -Wpointer-arith -Wcast-qual -Wwrite-strings -Wundef -Wvla
  -Wformat=2 -Wformat-nonliteral -Wimplicit-fallthrough -fno-common
  -fstack-protector-strong)
if(LACHAN_WERROR)
  target_compile_options(lachan_flags INTERFACE -Werror)
endif()
if(CMAKE_BUILD_TYPE STREQUAL "Release")
  target_compile_options(lachan_flags INTERFACE -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2)
endif()
if(LACHAN_SANITIZE_ADDRESS)
  set(sanitizers -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer)
elseif(LACHAN_SANITIZE_THREAD)
  set(sanitizers -fsanitize=thread -fno-omit-frame-pointer)
endif()
if(LACHAN_FUZZ)
  list(APPEND sanitizers -fsanitize=fuzzer-no-link)
endif()
if(LACHAN_COVERAGE)
  target_compile_definitions(lachan_flags INTERFACE LACHAN_COVERAGE)
  list(APPEND sanitizers --coverage)
endif()
target_compile_options(lachan_flags INTERFACE ${sanitizers})
target_link_options(lachan_flags INTERFACE ${sanitizers} -Wl,-z,relro,-z,now,--as-needed)

# lachan_add_if_present(folder): every folder with a CMakeLists.txt of its own.
macro(lachan_add_if_present folder)
  if(EXISTS ${CMAKE_SOURCE_DIR}/${folder}/CMakeLists.txt)
    add_subdirectory(${CMAKE_SOURCE_DIR}/${folder} ${CMAKE_BINARY_DIR}/${folder})
  endif()
endmacro()

# lachan_module(NAME SOURCES a.c … LINKS base …): a static library `lachan_NAME` of
# lib/ or daemon/kit. LINKS names modules by their bare name, packages by target.
function(lachan_module name)
  cmake_parse_arguments(arg "" "" "SOURCES;LINKS;PRIVATE" ${ARGN})
  add_library(lachan_${name} STATIC ${arg_SOURCES})
  target_include_directories(lachan_${name} PUBLIC ${CMAKE_SOURCE_DIR}/lib)
  target_link_libraries(lachan_${name} PUBLIC lachan_flags)
  lachan_link(lachan_${name} PUBLIC ${arg_LINKS})
  lachan_link(lachan_${name} PRIVATE ${arg_PRIVATE})
endfunction()

# lachan_program(NAME SOURCES … LINKS …): a program in build/bin.
function(lachan_program name)
  cmake_parse_arguments(arg "" "" "SOURCES;LINKS" ${ARGN})
  add_executable(${name} ${arg_SOURCES})
  target_include_directories(${name} PRIVATE ${CMAKE_SOURCE_DIR}/lib ${CMAKE_SOURCE_DIR}/daemon)
  target_link_libraries(${name} PRIVATE lachan_flags)
  lachan_link(${name} PRIVATE ${arg_LINKS})
endfunction()

# lachan_unit_test(NAME SOURCES … LINKS …): a cmocka program, run by ctest as unit/NAME.
function(lachan_unit_test name)
  cmake_parse_arguments(arg "" "" "SOURCES;LINKS" ${ARGN})
  string(REPLACE "/" "_" target "test_${name}")
  add_executable(${target} ${arg_SOURCES})
  target_include_directories(${target} PRIVATE ${CMAKE_SOURCE_DIR}/lib ${CMAKE_SOURCE_DIR}/daemon
    ${CMAKE_SOURCE_DIR}/test)
  set_target_properties(${target} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/test)
  target_link_libraries(${target} PRIVATE lachan_flags PkgConfig::CMOCKA)
  target_compile_definitions(${target} PRIVATE TEST_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
  lachan_link(${target} PRIVATE ${arg_LINKS})
  add_test(NAME unit/${name} COMMAND ${target})
  set_tests_properties(unit/${name} PROPERTIES LABELS unit TIMEOUT 120)
endfunction()

# lachan_fuzz_target(NAME SOURCES … LINKS …): libFuzzer under the fuzz preset; elsewhere the
# same function replays the seeds of test/fuzz/seeds/NAME as a ctest test.
function(lachan_fuzz_target name)
  cmake_parse_arguments(arg "" "" "SOURCES;LINKS" ${ARGN})
  set(target fuzz_${name})
  if(LACHAN_FUZZ)
    add_executable(${target} ${arg_SOURCES})
    target_link_options(${target} PRIVATE -fsanitize=fuzzer)
  else()
    add_executable(${target} ${arg_SOURCES} ${CMAKE_SOURCE_DIR}/test/fuzz/replay.c)
    add_test(NAME fuzz-seeds/${name}
      COMMAND ${target} ${CMAKE_SOURCE_DIR}/test/fuzz/seeds/${name})
    set_tests_properties(fuzz-seeds/${name} PROPERTIES LABELS unit TIMEOUT 120)
  endif()
  target_include_directories(${target} PRIVATE ${CMAKE_SOURCE_DIR}/lib)
  set_target_properties(${target} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/fuzz)
  target_link_libraries(${target} PRIVATE lachan_flags)
  lachan_link(${target} PRIVATE ${arg_LINKS})
endfunction()

# Modules by bare name; anything with :: is a package target.
function(lachan_link target scope)
  foreach(link ${ARGN})
    if(link MATCHES "::")
      target_link_libraries(${target} ${scope} ${link})
    else()
      target_link_libraries(${target} ${scope} lachan_${link})
    endif()
  endforeach()
endfunction()
