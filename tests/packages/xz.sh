# What is packed is smaller and unpacks to the same bytes; a damaged file is refused; the library is there.
seq 1 20000 >numbers
xz -k numbers
[ "$(wc -c <numbers.xz)" -lt 20000 ]
xz -dc numbers.xz | cmp - numbers
xz -l numbers.xz | grep -q CRC64
dd if=numbers.xz bs=1 count=2000 of=half.xz 2>/dev/null
if xz -t half.xz 2>/dev/null; then exit 1; fi
printf '#include <lzma.h>\nint main(void) { return lzma_version_number() < 50000000; }\n' >version.c
$CC -o version version.c -llzma
./version
