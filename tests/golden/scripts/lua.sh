#!/bin/sh
#@ pthbs 1
#@ name lua
#@ version 5.4.7
#@ system x86_64-linux
#@ target x86_64-linux-musl
#@ source sha256:9fbf5e28ef86c69858f6d3d34eccc32e911c1a28b4120ff3e84aaa70cfbf1e30 lua-5.4.7.tar.gz
#@ tool busybox.3bb8fecc9d0c03640371369c6ede91e12b6793afdf76ef3341ec7636fdd00e0a
#@ tool gnu-make.142c9d0e9778d0bbfd59188a4c628f9d83b4c6a047256970fbf5f5fec7736823
#@ tool musl-cross-make.da163b34db86db6067e04f486bfee573933d7214a0c43994daa894d876ce38cf
#@ build sandbox=on set_path=on static=on
set -eu
umask 022
export LC_ALL=C TZ=UTC0 HOME="$tmp" SOURCE_DATE_EPOCH=315619200 PERL_HASH_SEED=0 PYTHONHASHSEED=0
export CC=x86_64-linux-musl-gcc CFLAGS="-O2"
export CXX=x86_64-linux-musl-g++ CXXFLAGS="$CFLAGS"
export CPPFLAGS="" LDFLAGS="-static -s -Wl,--build-id=none" PKG_CONFIG_LIBDIR=""

cd "$src/lua-5.4.7"

phase_build() {
	make CC="$CC" MYCFLAGS="$CFLAGS" MYLDFLAGS="$LDFLAGS" linux
}

phase_install() {
	make CC="$CC" MYCFLAGS="$CFLAGS" MYLDFLAGS="$LDFLAGS" INSTALL_TOP="$out" INSTALL_MAN="$out/share/man/man1" install
}

echo '#@ phase build'
phase_build
echo '#@ phase install'
phase_install
