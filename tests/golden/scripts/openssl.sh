#!/bin/sh
#@ pthbs 1
#@ name openssl
#@ version 3.5.7
#@ system x86_64-linux
#@ target x86_64-linux-musl
#@ source sha256:a8c0d28a529ca480f9f36cf5792e2cd21984552a3c8e4aa11a24aa31aeac98e8 openssl-3.5.7.tar.gz
#@ tool busybox.8efcb74ad6e490a3e3b3afb675e98af0888ccd530fe1c3268a5324f5e63387fe
#@ tool gnu-make.258e9f5c018ee9e96336e71b7afadfb9f6d941966aabcbaaa77ef587463bf5f4
#@ tool musl-cross-make.938349c4209476926861e39acca2c48bf84c65df3ad2a6ee974aa1b8f116340e
#@ tool perl.7498b7f155d532cc3f0d09c8897248fb5bb43807d764d8f9034ce6529e4b5295
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
		no-shared no-module no-tests no-docs no-afalgeng no-async -static $CPPFLAGS $CFLAGS $LDFLAGS
}

phase_build() {
	make
}

phase_install() {
	make install_sw
	mkdir -p "$out/etc/ssl"
	cp apps/openssl.cnf "$out/etc/ssl/"
}

echo '#@ phase configure'
phase_configure
echo '#@ phase build'
phase_build
echo '#@ phase install'
phase_install
