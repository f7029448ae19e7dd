# Programs in C and C++, static, and an archive.
printf '#include <cstdio>\n#include <vector>\n#include <stdexcept>\nint main() { std::vector<int> v{1, 2}; try { v.at(9); } catch (const std::out_of_range &) { std::puts("caught"); } }\n' >one.cc
x86_64-linux-musl-g++ -O2 -o one one.cc
[ "$(./one)" = caught ]
printf 'int two(void) { return 2; }\n' >two.c
x86_64-linux-musl-gcc -c two.c
x86_64-linux-musl-ar rc libtwo.a two.o
x86_64-linux-musl-readelf -s libtwo.a | grep -q two
if x86_64-linux-musl-readelf -lW one | grep -q INTERP; then exit 1; fi
