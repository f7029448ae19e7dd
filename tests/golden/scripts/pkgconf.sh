#!/bin/sh
#@ pthbs 1
#@ name pkgconf
#@ version 1.8.1
#@ system x86_64-linux
#@ target x86_64-linux-musl
#@ source sha256:644361ada2942be05655d4452eb018791647c31bba429b287f1f68deb2dc6840 pkgconf-1.8.1.tar.xz
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

cd "$src/pkgconf-1.8.1"

phase_configure() {
	./configure --prefix="$out" --build=x86_64-linux-musl \
		--disable-dependency-tracking --disable-nls --disable-shared --enable-static \
		--with-system-libdir=/lib --with-system-includedir=/include \
		--with-pkg-config-dir=/versions/current/lib/pkgconfig:/versions/current/share/pkgconfig \
		--with-personality-dir=/versions/current/share/pkgconfig/personality.d
}

phase_build() {
	make
}

phase_install() {
	make install
	# libtool's notes hold paths of the build; `dir` is an index that every package would bring.
	rm -f "$out"/lib/*.la "$out"/share/info/dir
	ln -s pkgconf "$out/bin/pkg-config"
}

echo '#@ phase configure'
phase_configure
echo '#@ phase build'
phase_build
echo '#@ phase install'
phase_install
