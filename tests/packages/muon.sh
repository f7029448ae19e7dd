# with: zlib
# A project in meson's language, with a library that pkg-config knows, is configured, built, tested, installed and run.
cat >meson.build <<'END'
project('hello', 'c')
hello = executable('hello', 'hello.c', dependencies: dependency('zlib', static: true), install: true)
executable('again', 'hello.c', dependencies: dependency('zlib', static: true), install: true)
test('hello', hello)
END
printf '#include <stdio.h>\n#include <zlib.h>\nint main(void) { return puts(zlibVersion()) < 0; }\n' >hello.c
PKG_CONFIG_PATH=$P/lib/pkgconfig CC=cc LDFLAGS="-static -L$P/lib" muon setup -Dprefix="$PWD/out" build >log
muon -C build samu >>log
muon -C build test >>log
muon -C build install >>log
[ -x out/bin/again ]
case $(./out/bin/hello) in 1.*) ;; *) exit 1 ;; esac
# An install that fails does not end well.
echo "meson.add_install_script('missing')" >>meson.build
printf '#!/bin/sh\nexit 3\n' >missing
chmod +x missing
PKG_CONFIG_PATH=$P/lib/pkgconfig CC=cc muon setup -Dprefix="$PWD/out" again >log
muon -C again samu >>log
if muon -C again install >>log 2>&1; then exit 1; fi
