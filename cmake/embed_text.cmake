# cmake -DINPUT=… -DOUTPUT=… -P embed_text.cmake
#
# Writes a text file as raw string literals of at most 12,000 bytes, because compilers limit their
# length.
file(READ "${INPUT}" text)
set(output "")
string(LENGTH "${text}" left)
set(at 0)
while(left GREATER 0)
  string(SUBSTRING "${text}" ${at} 12000 part)
  string(LENGTH "${part}" size)
  string(APPEND output "R\"OURO(${part})OURO\"\n")
  math(EXPR at "${at} + ${size}")
  math(EXPR left "${left} - ${size}")
endwhile()
file(WRITE "${OUTPUT}.new" "${output}")
file(COPY_FILE "${OUTPUT}.new" "${OUTPUT}" ONLY_IF_DIFFERENT)
file(REMOVE "${OUTPUT}.new")
file(TOUCH_NOCREATE "${OUTPUT}")
