#!/bin/sh
#@ pthbs 1
#@ name gnu-make
#@ version 4.4.1
#@ system x86_64-linux
#@ target x86_64-linux-musl
#@ source sha256:3b16b00ea1079af9f8096bbc71ff7cc00c249fc6a862003da3c42308a0adb0fe make-4.4.1.tar.xz
#@ tool musl.8d0d08264dd13eef1db9313d7fa0926dd9a6804da47d43457cafebcdde447414
#@ build sandbox=host set_path=on static=on
set -eu
umask 022
export LC_ALL=C TZ=UTC0 HOME="$tmp" SOURCE_DATE_EPOCH=315619200 PERL_HASH_SEED=0 PYTHONHASHSEED=0
export CC=x86_64-linux-musl-gcc CFLAGS="-O2"
export CPPFLAGS="" LDFLAGS="-static -s -Wl,--build-id=none" PKG_CONFIG_LIBDIR=""

cd "$src/make-4.4.1"

phase_configure() {
	mkdir doc
	printf 'all install install-strip:\n' >doc/Makefile.in
	./configure --prefix="$out" --build=x86_64-linux-musl \
		--disable-dependency-tracking --disable-nls --disable-shared --enable-static \
		--without-guile
}

phase_build() {
	make man_MANS=
}

phase_install() {
	make man_MANS= install
	# libtool's notes hold paths of the build; `dir` is an index that every package would bring.
	rm -f "$out"/lib/*.la "$out"/share/info/dir
}

echo '#@ phase configure'
phase_configure
echo '#@ phase build'
phase_build
echo '#@ phase install'
phase_install
