#!/bin/sh
#@ pthbs 1
#@ name m4
#@ version 1.4.19
#@ system x86_64-linux
#@ target x86_64-linux-musl
#@ source sha256:63aede5c6d33b6d9b13511cd0be2cac046f2e70fd0a07aa9573a04a82783af96 m4-1.4.19.tar.xz
#@ tool musl.8d0d08264dd13eef1db9313d7fa0926dd9a6804da47d43457cafebcdde447414
#@ build sandbox=host set_path=on static=on
set -eu
umask 022
export LC_ALL=C TZ=UTC0 HOME="$tmp" SOURCE_DATE_EPOCH=315619200 PERL_HASH_SEED=0 PYTHONHASHSEED=0
export CC=x86_64-linux-musl-gcc CFLAGS="-O2"
export CPPFLAGS="" LDFLAGS="-static -s -Wl,--build-id=none" PKG_CONFIG_LIBDIR=""

cd "$src/m4-1.4.19"

phase_configure() {
	./configure --prefix="$out" --build=x86_64-linux-musl \
		--disable-dependency-tracking --disable-nls --disable-shared --enable-static
}

phase_build() {
	make
}

phase_install() {
	make install
	# libtool's notes hold paths of the build; `dir` is an index that every package would bring.
	rm -f "$out"/lib/*.la "$out"/share/info/dir
}

echo '#@ phase configure'
phase_configure
echo '#@ phase build'
phase_build
echo '#@ phase install'
phase_install
