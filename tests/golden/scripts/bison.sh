#!/bin/sh
#@ pthbs 1
#@ name bison
#@ version 3.8.2
#@ system x86_64-linux
#@ target x86_64-linux-musl
#@ source sha256:9bba0214ccf7f1079c5d59210045227bcf619519840ebfa80cd3849cff5a5bf2 bison-3.8.2.tar.xz
#@ tool busybox.3bb8fecc9d0c03640371369c6ede91e12b6793afdf76ef3341ec7636fdd00e0a
#@ tool gnu-make.142c9d0e9778d0bbfd59188a4c628f9d83b4c6a047256970fbf5f5fec7736823
#@ tool m4.7d82390dd3517fede488d9718c1cb3938f3e0e65f9a605ddecd6a98b3b753043
#@ tool musl-cross-make.da163b34db86db6067e04f486bfee573933d7214a0c43994daa894d876ce38cf
#@ needs m4.7d82390dd3517fede488d9718c1cb3938f3e0e65f9a605ddecd6a98b3b753043
#@ build sandbox=on set_path=on static=on
set -eu
umask 022
export LC_ALL=C TZ=UTC0 HOME="$tmp" SOURCE_DATE_EPOCH=315619200 PERL_HASH_SEED=0 PYTHONHASHSEED=0
export CC=x86_64-linux-musl-gcc CFLAGS="-O2"
export CXX=x86_64-linux-musl-g++ CXXFLAGS="$CFLAGS"
export CPPFLAGS="" LDFLAGS="-static -s -Wl,--build-id=none" PKG_CONFIG_LIBDIR=""

cd "$src/bison-3.8.2"

phase_configure() {
	./configure --prefix="$out" --build=x86_64-linux-musl \
		--disable-dependency-tracking --disable-nls --disable-shared --enable-static \
		M4=/versions/m4.7d82390dd3517fede488d9718c1cb3938f3e0e65f9a605ddecd6a98b3b753043/bin/m4
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
