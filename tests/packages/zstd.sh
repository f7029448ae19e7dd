# A round trip in several threads and with a dictionary, and the library's own.
seq 1 200000 >numbers
zstd -q -T2 -19 numbers -o numbers.zst
[ "$(wc -c <numbers.zst)" -lt 200000 ]
zstd -q -dc numbers.zst | cmp - numbers
i=0
while [ $i -lt 300 ]; do echo "{\"user\": $i, \"name\": \"name of $i\", \"city\": \"Utrecht\"}" >part.$i; i=$((i + 1)); done
zstd -q --train part.* -o dictionary
zstd -q -D dictionary part.7 -o part.zst
zstd -q -D dictionary -dc part.zst | cmp - part.7
printf '#include <zstd.h>\nint main(void) { return ZSTD_versionNumber() < 10500; }\n' >version.c
$CC -o version version.c -lzstd
./version
