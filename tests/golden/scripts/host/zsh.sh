#!/bin/sh
#@ pthbs 1
#@ name zsh
#@ version 5.9
#@ system x86_64-linux
#@ target x86_64-linux-musl
#@ source sha256:9b8d1ecedd5b5e81fbf1918e876752a7dd948e05c1a0dba10ab863842d45acd5 zsh-5.9.tar.xz
#@ tool musl.8d0d08264dd13eef1db9313d7fa0926dd9a6804da47d43457cafebcdde447414
#@ dep ncurses.42fe75443cd1b81a98138c7348dffa6fd8ec2635a45b9c38682ddb829bd5f463
#@ build sandbox=host set_path=on static=on
set -eu
umask 022
export LC_ALL=C TZ=UTC0 HOME="$tmp" SOURCE_DATE_EPOCH=315619200 PERL_HASH_SEED=0 PYTHONHASHSEED=0
export CC=x86_64-linux-musl-gcc CFLAGS="-O2 -fpermissive"
export CPPFLAGS="" LDFLAGS="-static -s -Wl,--build-id=none" PKG_CONFIG_LIBDIR=""

# Libraries, and what they use in turn: a static library brings nothing along.
deps="
	/versions/ncurses.42fe75443cd1b81a98138c7348dffa6fd8ec2635a45b9c38682ddb829bd5f463
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
