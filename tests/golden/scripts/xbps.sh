#!/bin/sh
#@ pthbs 1
#@ name xbps
#@ version 0.60.7
#@ system x86_64-linux
#@ target x86_64-linux-musl
#@ source sha256:ec8c2e4d595863b5748c10d9ada1d51ac1da6f910a9d31682acd1a477310c64e xbps-0.60.7.tar.gz
#@ tool busybox.8efcb74ad6e490a3e3b3afb675e98af0888ccd530fe1c3268a5324f5e63387fe
#@ tool gnu-make.258e9f5c018ee9e96336e71b7afadfb9f6d941966aabcbaaa77ef587463bf5f4
#@ tool musl-cross-make.938349c4209476926861e39acca2c48bf84c65df3ad2a6ee974aa1b8f116340e
#@ tool pkgconf.ade4ebcf69414da0aaba3d7fbb0955f3d0a0cf6f0b83d350c518b289864ceda0
#@ dep libarchive.c62863e9ac2ed9ba59b8359b152a9fbe8fcdcbfd20dbfacce377ead737a7b4a7
#@ dep openssl.3cad984cf669626face732f912591793805e9e4e1b61014646466d4d334c821a
#@ build sandbox=on set_path=on static=on
set -eu
umask 022
export LC_ALL=C TZ=UTC0 HOME="$tmp" SOURCE_DATE_EPOCH=315619200 PERL_HASH_SEED=0 PYTHONHASHSEED=0
export CC=x86_64-linux-musl-gcc CFLAGS="-O2"
export CXX=x86_64-linux-musl-g++ CXXFLAGS="$CFLAGS"
export CPPFLAGS="" LDFLAGS="-static -s -Wl,--build-id=none" PKG_CONFIG_LIBDIR=""

# Libraries, and what they use in turn: a static library brings nothing along.
deps="
	/versions/libarchive.c62863e9ac2ed9ba59b8359b152a9fbe8fcdcbfd20dbfacce377ead737a7b4a7
	/versions/openssl.3cad984cf669626face732f912591793805e9e4e1b61014646466d4d334c821a
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

cd "$src/xbps-0.60.7"

phase_configure() {
	./configure --prefix="$out" --sysconfdir=/etc --dbdir=/var/db/xbps --enable-static \
		--build=x86_64-unknown-linux-musl --host=x86_64-unknown-linux-musl
	sed -i 's/-Werror//g' config.mk
}

phase_build() {
	make CC="$CC" CFLAGS="$CFLAGS $CPPFLAGS" LDFLAGS="$LDFLAGS -no-pie"
}

phase_install() {
	make CC="$CC" CFLAGS="$CFLAGS $CPPFLAGS" LDFLAGS="$LDFLAGS -no-pie" install
	# The static programs stand beside dynamic ones.
	for program in "$out/bin/"*.static; do mv "$program" "${program%.static}"; done
	rm -f "$out"/lib/*.so*
}

echo '#@ phase configure'
phase_configure
echo '#@ phase build'
phase_build
echo '#@ phase install'
phase_install
