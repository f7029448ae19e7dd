# What the kernel has, and an index of modules.
kmod list | head -n 1 | grep -q '^Module'
lsmod >list
mkdir -p lib/modules/1.0
depmod -b "$PWD" 1.0
[ -f lib/modules/1.0/modules.dep.bin ]
if modprobe -d "$PWD" -S 1.0 none 2>/dev/null; then exit 1; fi
