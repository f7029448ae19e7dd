#!/bin/sh
#@ pthbs 1
#@ name libcgroup
#@ version 3.1.0
#@ system x86_64-linux
#@ target x86_64-linux-musl
#@ source sha256:976ec4b1e03c0498308cfd28f1b256b40858f636abc8d1f9db24f0a7ea9e1258 libcgroup-3.1.0.tar.gz
#@ tool bison.6b4af2a2e9818224c468756101ea31382d5ec0708b7e2f7639dc22b5d8cea703
#@ tool busybox.8efcb74ad6e490a3e3b3afb675e98af0888ccd530fe1c3268a5324f5e63387fe
#@ tool flex.bca96638783c2034a758e577053fe89b9e82449388cac451afe62c4b9b015c04
#@ tool gnu-make.258e9f5c018ee9e96336e71b7afadfb9f6d941966aabcbaaa77ef587463bf5f4
#@ tool musl-cross-make.938349c4209476926861e39acca2c48bf84c65df3ad2a6ee974aa1b8f116340e
#@ dep libfts.254fae01a3643b39e4418443c6d12dc9abce298e49b5751cd976bbf9260ab647
#@ build sandbox=on set_path=on static=on
set -eu
umask 022
export LC_ALL=C TZ=UTC0 HOME="$tmp" SOURCE_DATE_EPOCH=315619200 PERL_HASH_SEED=0 PYTHONHASHSEED=0
export CC=x86_64-linux-musl-gcc CFLAGS="-O2"
export CXX=x86_64-linux-musl-g++ CXXFLAGS="$CFLAGS"
export CPPFLAGS="" LDFLAGS="-static -s -Wl,--build-id=none" PKG_CONFIG_LIBDIR=""

# Libraries, and what they use in turn: a static library brings nothing along.
deps="
	/versions/libfts.254fae01a3643b39e4418443c6d12dc9abce298e49b5751cd976bbf9260ab647
"
for dep in $deps; do
	CPPFLAGS="$CPPFLAGS -I$dep/include"
	LDFLAGS="$LDFLAGS -L$dep/lib"
	PKG_CONFIG_LIBDIR="$PKG_CONFIG_LIBDIR:$dep/lib/pkgconfig"
done

cd "$src/libcgroup-3.1.0"

phase_configure() {
	./configure --prefix="$out" --build=x86_64-linux-musl \
		--disable-dependency-tracking --disable-nls --disable-shared --enable-static \
		--disable-pam --disable-systemd --disable-daemon --disable-python --disable-tests --disable-samples
}

phase_build() {
	make
}

phase_install() {
	# An install has no program that becomes root.
	sed -i '/chmod u+s/d' src/tools/Makefile
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
