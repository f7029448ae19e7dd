#!/bin/sh
#@ pthbs 1
#@ name ncurses
#@ version 6.4
#@ system x86_64-linux
#@ target x86_64-linux-musl
#@ source sha256:6931283d9ac87c5073f30b6290c4c75f21632bb4fc3603ac8100812bed248159 ncurses-6.4.tar.gz
#@ tool musl.8d0d08264dd13eef1db9313d7fa0926dd9a6804da47d43457cafebcdde447414
#@ build sandbox=host set_path=on static=on
set -eu
umask 022
export LC_ALL=C TZ=UTC0 HOME="$tmp" SOURCE_DATE_EPOCH=315619200 PERL_HASH_SEED=0 PYTHONHASHSEED=0
export CC=x86_64-linux-musl-gcc CFLAGS="-O2"
export CPPFLAGS="" LDFLAGS="-static -s -Wl,--build-id=none" PKG_CONFIG_LIBDIR=""

cd "$src/ncurses-6.4"

phase_configure() {
	./configure --prefix="$out" --build=x86_64-linux-musl \
		--disable-dependency-tracking --disable-nls --disable-shared --enable-static \
		--enable-widec --enable-overwrite --enable-pc-files --with-pkg-config-libdir="$out/lib/pkgconfig" \
		--without-debug --without-cxx --without-cxx-binding --without-ada --without-tests --without-manpages \
		--with-default-terminfo-dir=/versions/current/share/terminfo \
		--with-terminfo-dirs=/versions/current/share/terminfo:/etc/terminfo:/lib/terminfo:/usr/share/terminfo \
		cf_cv_ar_flags=-crD
}

phase_build() {
	make
	rm ncurses/fallback.c
	make TIC_PATH="$PWD/progs/tic" INFOCMP_PATH="$PWD/progs/infocmp" \
		FALLBACK_LIST="linux xterm xterm-256color screen-256color tmux-256color vt100 dumb"
}

phase_install() {
	make install ticdir="$out/share/terminfo"
	# libtool's notes hold paths of the build; `dir` is an index that every package would bring.
	rm -f "$out"/lib/*.la "$out"/share/info/dir
	# It knows the compiler's place; ncursesw.pc tells the same.
	rm "$out/bin/ncursesw6-config"
	for name in ncurses curses tinfo termcap; do ln -s libncursesw.a "$out/lib/lib$name.a"; done
	for name in form menu panel; do ln -s lib${name}w.a "$out/lib/lib$name.a"; done
	ln -s . "$out/include/ncursesw"
}

echo '#@ phase configure'
phase_configure
echo '#@ phase build'
phase_build
echo '#@ phase install'
phase_install
