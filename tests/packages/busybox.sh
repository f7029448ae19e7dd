# Its shell, and a dozen of its applets.
busybox ash -euc 'i=0; while [ $i -lt 3 ]; do i=$((i + 1)); done; echo $i' | grep -qx 3
seq 1 100 | busybox awk '{ s += $1 } END { print s }' | grep -qx 5050
mkdir d && echo text >d/f
busybox tar -cf - d | busybox gzip | busybox gunzip | busybox tar -tf - | grep -qx d/f
[ "$(printf abc | busybox sha256sum | busybox cut -c1-8)" = ba7816bf ]
[ "$(printf 'b\na\n' | busybox sort | busybox tr '\n' ' ')" = 'a b ' ]
[ "$(busybox --list | wc -l)" -gt 300 ]
