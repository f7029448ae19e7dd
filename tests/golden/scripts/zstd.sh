#!/bin/sh
#@ pthbs 1
#@ name zstd
#@ version 1.5.7
#@ system x86_64-linux
#@ target x86_64-linux-musl
#@ source sha256:eb33e51f49a15e023950cd7825ca74a4a2b43db8354825ac24fc1b7ee09e6fa3 zstd-1.5.7.tar.gz
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

cd "$src/zstd-1.5.7"

phase_build() {
	make HAVE_ZLIB=0 HAVE_LZMA=0 HAVE_LZ4=0 UNAME=Linux -C lib libzstd.a
}

phase_install() {
	make HAVE_ZLIB=0 HAVE_LZMA=0 HAVE_LZ4=0 UNAME=Linux PREFIX="$out" install
}

echo '#@ phase build'
phase_build
echo '#@ phase install'
phase_install
