# with: zlib bzip2 xz zstd
# Archives of several kinds and compressions, and the library.
mkdir in out
seq 1 1000 >in/file
bsdtar -caf all.tar.zst in
bsdtar -xf all.tar.zst -C out
cmp in/file out/in/file
bsdtar -caf all.zip in
[ "$(bsdtar -tf all.zip | sort | tail -n 1)" = in/file ]
echo in/file | bsdcpio -o 2>/dev/null | bsdcpio -it 2>/dev/null | grep -qx in/file
printf '#include <archive.h>\nint main(void) { return archive_write_add_filter_xz(archive_write_new()) != ARCHIVE_OK; }\n' >kind.c
$CC -o kind kind.c -larchive -lzstd -llzma -lbz2 -lz -L/versions/current/lib
./kind
