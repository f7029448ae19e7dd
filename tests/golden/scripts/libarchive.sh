#!/bin/sh
#@ pthbs 1
#@ name libarchive
#@ version 3.7.4
#@ system x86_64-linux
#@ target x86_64-linux-musl
#@ source sha256:f887755c434a736a609cbd28d87ddbfbe9d6a3bb5b703c22c02f6af80a802735 libarchive-3.7.4.tar.xz
#@ tool busybox.3bb8fecc9d0c03640371369c6ede91e12b6793afdf76ef3341ec7636fdd00e0a
#@ tool gnu-make.142c9d0e9778d0bbfd59188a4c628f9d83b4c6a047256970fbf5f5fec7736823
#@ tool musl-cross-make.da163b34db86db6067e04f486bfee573933d7214a0c43994daa894d876ce38cf
#@ dep bzip2.2ad43a89b2d40a356407830bb9b9e5f6239ba92c6841f762b099aab8710f9531
#@ dep xz.448a3efe5abde289f567b1c55a524a7c6ebc35b33dad8df687ac49c5ae2e5928
#@ dep zlib.a91a19e952972c82283a158364030f51282b07d9cdc567f9f2fd184b95748dc0
#@ dep zstd.eb07e283b45661400a7a24cd1b5da9a1a3e78a2fed56c3db1ccd4057e77a6ae2
#@ build sandbox=on set_path=on static=on
set -eu
umask 022
export LC_ALL=C TZ=UTC0 HOME="$tmp" SOURCE_DATE_EPOCH=315619200 PERL_HASH_SEED=0 PYTHONHASHSEED=0
export CC=x86_64-linux-musl-gcc CFLAGS="-O2"
export CXX=x86_64-linux-musl-g++ CXXFLAGS="$CFLAGS"
export CPPFLAGS="" LDFLAGS="-static -s -Wl,--build-id=none" PKG_CONFIG_LIBDIR=""

# Libraries, and what they use in turn: a static library brings nothing along.
deps="
	/versions/zlib.a91a19e952972c82283a158364030f51282b07d9cdc567f9f2fd184b95748dc0
	/versions/bzip2.2ad43a89b2d40a356407830bb9b9e5f6239ba92c6841f762b099aab8710f9531
	/versions/xz.448a3efe5abde289f567b1c55a524a7c6ebc35b33dad8df687ac49c5ae2e5928
	/versions/zstd.eb07e283b45661400a7a24cd1b5da9a1a3e78a2fed56c3db1ccd4057e77a6ae2
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
