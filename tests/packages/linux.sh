# Boots under QEMU to busybox's shell, with its disk, its network card and its random numbers by virtio, and powers off.
[ "$(dd if="$P/boot/vmlinuz" bs=1 skip=514 count=4 2>/dev/null)" = HdrS ]
qemu=$(PATH=/usr/local/bin:/usr/bin command -v qemu-system-x86_64) || { echo 'no qemu-system-x86_64 on this machine'; exit 77; }
port=$((20000 + $$ % 20000))
mkdir -p root/bin root/proc root/dev root/sys page
cp "$(command -v busybox)" root/bin/
cat >root/init <<I
#!/bin/busybox sh
/bin/busybox --install -s /bin
PATH=/bin
mount -t proc proc /proc
mount -t devtmpfs dev /dev
mount -t sysfs sys /sys
echo "booted \$(uname -r) with \$(cut -c1-7 /proc/version)"
echo "disk: \$(head -n 1 /dev/vda)"
ip address add 10.0.2.15/24 dev eth0
ip link set eth0 up
echo "net: \$(wget -q -T 20 -O - http://10.0.2.2:$port/index.html)"
echo "random: \$(cat /sys/class/misc/hw_random/rng_current)"
poweroff -f
I
chmod 755 root/init
(cd root && find . | cpio -o -H newc 2>/dev/null | gzip) >initramfs
echo 'a page' >page/index.html
printf 'a sector\n' | dd of=disk bs=1M count=1 conv=sync 2>/dev/null
busybox httpd -f -p "127.0.0.1:$port" -h page &
trap "kill $!" EXIT
# Emulated: it takes seconds, and a machine's KVM may be there without working. Whether it ends by itself is told by the
# kernel's last words: a QEMU that is killed ends well, too.
timeout 100 "$qemu" -m 256 -nographic -no-reboot -kernel "$P/boot/vmlinuz" -initrd initramfs \
	-append 'console=ttyS0 panic=-1' -drive file=disk,format=raw,if=virtio \
	-netdev user,id=net -device virtio-net-pci,netdev=net,romfile= -device virtio-rng-pci >console </dev/null || { tail -n 5 console; exit 1; }
for line in 'booted 6.* with Linux' 'disk: a sector' 'net: a page' 'random: virtio_rng' 'reboot: Power down'; do
	grep -q "$line" console || { echo "not there: $line"; exit 1; }
done
