#!/bin/sh
#@ pthbs 1
#@ name netbsd-curses
#@ version 0.3.2
#@ system x86_64-linux
#@ target x86_64-linux-musl
#@ source sha256:9d3ebd651e5f70b87b1327b01cbd7e0c01a0f036b4c1371f653b7704b11daf23 netbsd-curses-0.3.2.tar.gz
#@ tool busybox.8efcb74ad6e490a3e3b3afb675e98af0888ccd530fe1c3268a5324f5e63387fe
#@ tool gnu-make.258e9f5c018ee9e96336e71b7afadfb9f6d941966aabcbaaa77ef587463bf5f4
#@ tool musl-cross-make.938349c4209476926861e39acca2c48bf84c65df3ad2a6ee974aa1b8f116340e
#@ build sandbox=on set_path=on static=on
set -eu
umask 022
export LC_ALL=C TZ=UTC0 HOME="$tmp" SOURCE_DATE_EPOCH=315619200 PERL_HASH_SEED=0 PYTHONHASHSEED=0
export CC=x86_64-linux-musl-gcc CFLAGS="-O2"
export CXX=x86_64-linux-musl-g++ CXXFLAGS="$CFLAGS"
export CPPFLAGS="" LDFLAGS="-static -s -Wl,--build-id=none" PKG_CONFIG_LIBDIR=""

cd "$src/netbsd-curses-0.3.2"

phase_build() {
	make CC="$CC" HOSTCC="$CC" AR=ar RANLIB=ranlib AWK=awk CFLAGS="$CFLAGS" LDFLAGS="$LDFLAGS" PREFIX="$out" all-static
}

phase_install() {
	make CC="$CC" HOSTCC="$CC" AR=ar RANLIB=ranlib AWK=awk CFLAGS="$CFLAGS" LDFLAGS="$LDFLAGS" PREFIX="$out" PREFIX="$out" install-static
	ln -s libterminfo.a "$out/lib/libtinfo.a"
	for name in ncurses ncursesw cursesw; do [ -e "$out/lib/lib$name.a" ] || ln -s libcurses.a "$out/lib/lib$name.a"; done
	ln -s . "$out/include/ncursesw"
}

echo '#@ phase build'
phase_build
echo '#@ phase install'
phase_install
