# varve_embed(TARGET FILE...): compiles the files' bytes into TARGET. Each is reached by its path below the source
# folder through varve::embedded_file() (src/base/embedded.h). Script mode (cmake -P) writes the generated source.
if(CMAKE_SCRIPT_MODE_FILE)
  set(rows "")
  foreach(path IN LISTS FILES)
    file(READ ${SOURCE_DIR}/${path} text)
    # A raw string literal may be limited to 64 KiB by the compiler; adjacent pieces are joined by the language.
    string(LENGTH "${text}" length)
    set(literal "")
    set(offset 0)
    while(offset LESS length)
      string(SUBSTRING "${text}" ${offset} 8000 piece)
      string(APPEND literal "R\"varve_raw(${piece})varve_raw\"\n")
      math(EXPR offset "${offset} + 8000")
    endwhile()
    if(literal STREQUAL "")
      set(literal "\"\"")
    endif()
    string(APPEND rows "    {\"${path}\", ${literal}},\n")
  endforeach()
  file(WRITE ${OUTPUT} "#include \"base/embedded.h\"\n#include <map>\nnamespace varve {\nstd::string_view embedded_file(std::string_view path) {\n  static const std::map<std::string_view, std::string_view> files = {\n${rows}  };\n  auto found = files.find(path);\n  return found == files.end() ? std::string_view{} : found->second;\n}\n}  // namespace varve\n")
  return()
endif()

function(varve_embed target)
  set(output ${CMAKE_CURRENT_BINARY_DIR}/embedded.cc)
  list(TRANSFORM ARGN PREPEND ${CMAKE_SOURCE_DIR}/ OUTPUT_VARIABLE inputs)
  add_custom_command(
    OUTPUT ${output}
    COMMAND ${CMAKE_COMMAND} "-DFILES=${ARGN}" -DSOURCE_DIR=${CMAKE_SOURCE_DIR} -DOUTPUT=${output}
            -P ${CMAKE_SOURCE_DIR}/cmake/Embed.cmake
    DEPENDS ${inputs} ${CMAKE_SOURCE_DIR}/cmake/Embed.cmake
    VERBATIM)
  target_sources(${target} PRIVATE ${output})
  set_source_files_properties(${output} PROPERTIES COMPILE_OPTIONS -Wno-overlength-strings)  # Clang's, with -Wpedantic
endfunction()
