# What is packed is smaller and unpacks to the same bytes, with the program and with the library.
seq 1 20000 >numbers
bzip2 -k numbers
[ "$(wc -c <numbers.bz2)" -lt 40000 ]
bzcat numbers.bz2 | cmp - numbers
printf '#include <bzlib.h>\nint main(void) { return BZ2_bzlibVersion()[0] != 49; }\n' >version.c
$CC -o version version.c -lbz2
./version
