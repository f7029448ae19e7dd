# A dozen of them at work.
[ "$(seq 1 10 | sort -rn | head -n 3 | paste -sd+ -)" = 10+9+8 ]
[ "$(printf abc | sha256sum | cut -c1-8)" = ba7816bf ]
[ "$(date -u -d @0 +%Y)" = 1970 ]
mkdir -p a/b && cp -a a c && ln -s b c/link
[ "$(readlink -m c/link/../x)" = "$PWD/c/x" ]
[ "$(printf '3\n1\n2\n' | shuf | sort | tr '\n' ' ')" = '1 2 3 ' ]
[ "$(stat -c %a a)" = 755 ]
numfmt --to=iec 1048576 | grep -qx 1.0M
# The system tells where one is, also below a directory that may not be listed; walking up from there would not.
mkdir -p closed/in
cd closed/in
if [ "$(id -u)" = 0 ]; then as="chroot --userspec=65534:65534 --skip-chdir /"; else as=; fi
chmod 311 ..
[ "$($as pwd -P)" = "$PWD" ]
chmod 711 ..
