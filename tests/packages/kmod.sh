# with: zlib xz zstd
# An index of modules, and one that is not in it. What the kernel has is listed where it has modules at all.
[ ! -e /proc/modules ] || lsmod | head -n 1 | grep -q '^Module'
mkdir -p lib/modules/1.0
depmod -b "$PWD" 1.0
[ -f lib/modules/1.0/modules.dep.bin ]
if modprobe -d "$PWD" -S 1.0 none 2>/dev/null; then exit 1; fi
# Its library is whole.
printf '#include <libkmod.h>\nint main(void) { return !kmod_new("/none", 0); }\n' >lib.c
$CC lib.c -lkmod -lzstd -llzma -lz -o linked
./linked
