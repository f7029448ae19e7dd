#!/bin/sh
#@ pthbs 1
#@ name bzip2
#@ version 1.0.8
#@ system x86_64-linux
#@ target x86_64-linux-musl
#@ source sha256:ab5a03176ee106d3f0fa90e381da478ddae405918153cca248e682cd0c4a2269 bzip2-1.0.8.tar.gz
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

cd "$src/bzip2-1.0.8"

phase_build() {
	make CC="$CC" CFLAGS="$CFLAGS -D_FILE_OFFSET_BITS=64" LDFLAGS="$LDFLAGS"
}

phase_install() {
	make CC="$CC" CFLAGS="$CFLAGS -D_FILE_OFFSET_BITS=64" LDFLAGS="$LDFLAGS" PREFIX="$out" install
	mkdir "$out/share"
	mv "$out/man" "$out/share/"
}

echo '#@ phase build'
phase_build
echo '#@ phase install'
phase_install
