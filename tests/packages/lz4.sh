# What is packed is smaller and unpacks to the same bytes, with the program and with the library.
seq 1 20000 >numbers
lz4 -q numbers numbers.lz4
[ "$(wc -c <numbers.lz4)" -lt 100000 ]
lz4 -q -dc numbers.lz4 | cmp - numbers
printf '#include <lz4.h>\nint main(void) { return LZ4_versionNumber() < 10900; }\n' >version.c
$CC -o version version.c -llz4
./version
