#!/bin/sh
#@ pthbs 1
#@ name libarchive
#@ version 3.7.4
#@ system x86_64-linux
#@ target x86_64-linux-musl
#@ source sha256:f887755c434a736a609cbd28d87ddbfbe9d6a3bb5b703c22c02f6af80a802735 libarchive-3.7.4.tar.xz
#@ tool busybox.8efcb74ad6e490a3e3b3afb675e98af0888ccd530fe1c3268a5324f5e63387fe
#@ tool gnu-make.258e9f5c018ee9e96336e71b7afadfb9f6d941966aabcbaaa77ef587463bf5f4
#@ tool musl-cross-make.938349c4209476926861e39acca2c48bf84c65df3ad2a6ee974aa1b8f116340e
#@ dep bzip2.dc35a35c13143bf4fe19dbf3ce000436c50cf680752ec1ca9c16f6aea6b54d70
#@ dep xz.1971ac9005f7ed5eb31807d3a672144152b363dcfbae404d51994e8a02cfbd14
#@ dep zlib.8a40da72f55f5915a5d957716b17345331c0874ba684ce69c09893792713be97
#@ dep zstd.312ff4b4b822d17759c156b82182931012458a50424f292a3d03a3fd3a855974
#@ build sandbox=on set_path=on static=on
set -eu
umask 022
export LC_ALL=C TZ=UTC0 HOME="$tmp" SOURCE_DATE_EPOCH=315619200 PERL_HASH_SEED=0 PYTHONHASHSEED=0
export CC=x86_64-linux-musl-gcc CFLAGS="-O2"
export CXX=x86_64-linux-musl-g++ CXXFLAGS="$CFLAGS"
export CPPFLAGS="" LDFLAGS="-static -s -Wl,--build-id=none" PKG_CONFIG_LIBDIR=""

# Libraries, and what they use in turn: a static library brings nothing along.
deps="
	/versions/zlib.8a40da72f55f5915a5d957716b17345331c0874ba684ce69c09893792713be97
	/versions/bzip2.dc35a35c13143bf4fe19dbf3ce000436c50cf680752ec1ca9c16f6aea6b54d70
	/versions/xz.1971ac9005f7ed5eb31807d3a672144152b363dcfbae404d51994e8a02cfbd14
	/versions/zstd.312ff4b4b822d17759c156b82182931012458a50424f292a3d03a3fd3a855974
"
for dep in $deps; do
	CPPFLAGS="$CPPFLAGS -I$dep/include"
	LDFLAGS="$LDFLAGS -L$dep/lib"
	PKG_CONFIG_LIBDIR="$PKG_CONFIG_LIBDIR:$dep/lib/pkgconfig"
done

cd "$src/libarchive-3.7.4"

phase_configure() {
	./configure --prefix="$out" --build=x86_64-linux-musl \
		--disable-dependency-tracking --disable-nls --disable-shared --enable-static \
		--without-xml2 --without-expat --without-openssl --without-nettle --without-cng --without-lz4 --without-lzo2
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
