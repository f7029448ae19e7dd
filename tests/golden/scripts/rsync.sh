#!/bin/sh
#@ pthbs 1
#@ name rsync
#@ version 3.2.7
#@ system x86_64-linux
#@ target x86_64-linux-musl
#@ source sha256:4e7d9d3f6ed10878c58c5fb724a67dacf4b6aac7340b13e488fb2dc41346f2bb rsync-3.2.7.tar.gz
#@ tool busybox.3bb8fecc9d0c03640371369c6ede91e12b6793afdf76ef3341ec7636fdd00e0a
#@ tool gnu-make.142c9d0e9778d0bbfd59188a4c628f9d83b4c6a047256970fbf5f5fec7736823
#@ tool musl-cross-make.da163b34db86db6067e04f486bfee573933d7214a0c43994daa894d876ce38cf
#@ dep acl.e8b077287e8c44172f810d9616e8ff5a80e9c99fb8ae6838d861e1d96987c178
#@ dep lz4.5834ac445934e40f01b538c86184b0bc65ff6e845b782f6ba9cd192eab5ae1ce
#@ dep popt.f14e35db70bdb9325b2f2def000bcb39b06ad180f86259a880fc85c296df30b3
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
	/versions/popt.f14e35db70bdb9325b2f2def000bcb39b06ad180f86259a880fc85c296df30b3
	/versions/zlib.a91a19e952972c82283a158364030f51282b07d9cdc567f9f2fd184b95748dc0
	/versions/zstd.eb07e283b45661400a7a24cd1b5da9a1a3e78a2fed56c3db1ccd4057e77a6ae2
	/versions/lz4.5834ac445934e40f01b538c86184b0bc65ff6e845b782f6ba9cd192eab5ae1ce
	/versions/acl.e8b077287e8c44172f810d9616e8ff5a80e9c99fb8ae6838d861e1d96987c178
	/versions/attr.501f5415e33239db95b036067f25c64429b474364c3b645897041b78d75ae457
"
for dep in $deps; do
	CPPFLAGS="$CPPFLAGS -I$dep/include"
	LDFLAGS="$LDFLAGS -L$dep/lib"
	PKG_CONFIG_LIBDIR="$PKG_CONFIG_LIBDIR:$dep/lib/pkgconfig"
done

cd "$src/rsync-3.2.7"

phase_configure() {
	./configure --prefix="$out" --build=x86_64-linux-musl \
		--disable-dependency-tracking --disable-nls --disable-shared --enable-static \
		--disable-openssl --disable-xxhash --disable-md2man --with-included-popt=no --with-included-zlib=no
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
