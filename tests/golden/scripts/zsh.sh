#!/bin/sh
#@ pthbs 1
#@ name zsh
#@ version 5.9
#@ system x86_64-linux
#@ target x86_64-linux-musl
#@ source sha256:9b8d1ecedd5b5e81fbf1918e876752a7dd948e05c1a0dba10ab863842d45acd5 zsh-5.9.tar.xz
#@ tool busybox.8efcb74ad6e490a3e3b3afb675e98af0888ccd530fe1c3268a5324f5e63387fe
#@ tool gnu-make.258e9f5c018ee9e96336e71b7afadfb9f6d941966aabcbaaa77ef587463bf5f4
#@ tool musl-cross-make.938349c4209476926861e39acca2c48bf84c65df3ad2a6ee974aa1b8f116340e
#@ dep ncurses.79b682c78d21f0a70e2e797c00cfe131dee5da2f19082ec936ae9119e9ee1aff
#@ build sandbox=on set_path=on static=on
set -eu
umask 022
export LC_ALL=C TZ=UTC0 HOME="$tmp" SOURCE_DATE_EPOCH=315619200 PERL_HASH_SEED=0 PYTHONHASHSEED=0
export CC=x86_64-linux-musl-gcc CFLAGS="-O2 -fpermissive"
export CXX=x86_64-linux-musl-g++ CXXFLAGS="$CFLAGS"
export CPPFLAGS="" LDFLAGS="-static -s -Wl,--build-id=none" PKG_CONFIG_LIBDIR=""

# Libraries, and what they use in turn: a static library brings nothing along.
deps="
	/versions/ncurses.79b682c78d21f0a70e2e797c00cfe131dee5da2f19082ec936ae9119e9ee1aff
"
for dep in $deps; do
	CPPFLAGS="$CPPFLAGS -I$dep/include"
	LDFLAGS="$LDFLAGS -L$dep/lib"
	PKG_CONFIG_LIBDIR="$PKG_CONFIG_LIBDIR:$dep/lib/pkgconfig"
done

cd "$src/zsh-5.9"

phase_configure() {
	# A static zsh leaves modules out that may only be dynamic. All but `example` and `newuser` are of use.
	sed -i 's/dynamic/either/' Src/Modules/[!en]*.mdd Src/Modules/nearcolor.mdd
	./configure --prefix="$out" --build=x86_64-linux-musl \
		--disable-dependency-tracking --disable-nls --disable-shared --enable-static \
		--disable-dynamic --enable-multibyte --with-term-lib=ncursesw --with-tcsetpgrp --disable-gdbm \
		--enable-etcdir=/versions/current/etc --enable-site-fndir=/versions/current/share/zsh/site-functions
}

phase_build() {
	make fixed_sitefndir=
}

phase_install() {
	make fixed_sitefndir= sitefndir=no install.bin install.modules install.fns
	# libtool's notes hold paths of the build; `dir` is an index that every package would bring.
	rm -f "$out"/lib/*.la "$out"/share/info/dir
}

echo '#@ phase configure'
phase_configure
echo '#@ phase build'
phase_build
echo '#@ phase install'
phase_install
