#!/bin/sh
#@ pthbs 1
#@ name openssl
#@ version 3.5.7
#@ system x86_64-linux
#@ target x86_64-linux-musl
#@ source sha256:a8c0d28a529ca480f9f36cf5792e2cd21984552a3c8e4aa11a24aa31aeac98e8 openssl-3.5.7.tar.gz
#@ tool busybox.3bb8fecc9d0c03640371369c6ede91e12b6793afdf76ef3341ec7636fdd00e0a
#@ tool gnu-make.142c9d0e9778d0bbfd59188a4c628f9d83b4c6a047256970fbf5f5fec7736823
#@ tool musl-cross-make.da163b34db86db6067e04f486bfee573933d7214a0c43994daa894d876ce38cf
#@ tool perl.1271413db3cdf9aec4de817a78b71ea6a311fb20d430583e44ad07647116228a
#@ build sandbox=on set_path=on static=on
set -eu
umask 022
export LC_ALL=C TZ=UTC0 HOME="$tmp" SOURCE_DATE_EPOCH=315619200 PERL_HASH_SEED=0 PYTHONHASHSEED=0
export CC=x86_64-linux-musl-gcc CFLAGS="-O2"
export CXX=x86_64-linux-musl-g++ CXXFLAGS="$CFLAGS"
export CPPFLAGS="" LDFLAGS="-static -s -Wl,--build-id=none" PKG_CONFIG_LIBDIR=""

cd "$src/openssl-3.5.7"

phase_configure() {
	perl Configure linux-x86_64 --prefix="$out" --libdir=lib --openssldir=/versions/current/etc/ssl \
		no-shared no-module no-tests no-docs no-afalgeng -static $CPPFLAGS $CFLAGS $LDFLAGS
}

phase_build() {
	make
}

phase_install() {
	make install_sw
}

echo '#@ phase configure'
phase_configure
echo '#@ phase build'
phase_build
echo '#@ phase install'
phase_install
