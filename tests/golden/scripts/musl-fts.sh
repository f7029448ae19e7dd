#!/bin/sh
#@ pthbs 1
#@ name musl-fts
#@ version 1.2.7
#@ system x86_64-linux
#@ target x86_64-linux-musl
#@ source sha256:49ae567a96dbab22823d045ffebe0d6b14b9b799925e9ca9274d47d26ff482a6 musl-fts-1.2.7.tar.gz
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

cd "$src/musl-fts-1.2.7"

phase_build() {
	$CC $CFLAGS -DHAVE_DECL_MAX=0 -DHAVE_DECL_UINTMAX_MAX=1 -DHAVE_DIRFD=1 -c fts.c
	ar rcD libfts.a fts.o
}

phase_install() {
	mkdir -p "$out/include" "$out/lib"
	cp fts.h "$out/include/"
	cp libfts.a "$out/lib/"
}

echo '#@ phase build'
phase_build
echo '#@ phase install'
phase_install
