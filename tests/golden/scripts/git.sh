#!/bin/sh
#@ pthbs 1
#@ name git
#@ version 2.47.3
#@ system x86_64-linux
#@ target x86_64-linux-musl
#@ source sha256:9c2eb1250781b3e5bfef098572d07fdf132d67e6c065e4307332ade9819a1501 git-2.47.3.tar.xz
#@ tool busybox.3bb8fecc9d0c03640371369c6ede91e12b6793afdf76ef3341ec7636fdd00e0a
#@ tool gnu-make.142c9d0e9778d0bbfd59188a4c628f9d83b4c6a047256970fbf5f5fec7736823
#@ tool musl-cross-make.da163b34db86db6067e04f486bfee573933d7214a0c43994daa894d876ce38cf
#@ dep curl.f7585dff5c4bd62d2ce7dee22fb05e0562fff3354929108ba36cf4cbaa0ceffa
#@ build sandbox=on set_path=on static=on
set -eu
umask 022
export LC_ALL=C TZ=UTC0 HOME="$tmp" SOURCE_DATE_EPOCH=315619200 PERL_HASH_SEED=0 PYTHONHASHSEED=0
export CC=x86_64-linux-musl-gcc CFLAGS="-O2"
export CXX=x86_64-linux-musl-g++ CXXFLAGS="$CFLAGS"
export CPPFLAGS="" LDFLAGS="-static -s -Wl,--build-id=none" PKG_CONFIG_LIBDIR=""

# Libraries, and what they use in turn: a static library brings nothing along.
deps="
	/versions/curl.f7585dff5c4bd62d2ce7dee22fb05e0562fff3354929108ba36cf4cbaa0ceffa
	/versions/zlib.a91a19e952972c82283a158364030f51282b07d9cdc567f9f2fd184b95748dc0
	/versions/bearssl.282a0daed9268b9495b37b33834fe2f1aceb8b2af546215715b3dc28006f8ee8
"
for dep in $deps; do
	CPPFLAGS="$CPPFLAGS -I$dep/include"
	LDFLAGS="$LDFLAGS -L$dep/lib"
	PKG_CONFIG_LIBDIR="$PKG_CONFIG_LIBDIR:$dep/lib/pkgconfig"
done

cd "$src/git-2.47.3"

phase_build() {
	make prefix="$out" CC="$CC" CFLAGS="$CFLAGS $CPPFLAGS" LDFLAGS="$LDFLAGS" INSTALL_SYMLINKS=1 NO_OPENSSL=1 NO_EXPAT=1 NO_PERL=1 NO_PYTHON=1 NO_TCLTK=1 NO_GETTEXT=1 NO_REGEX=1 NO_INSTALL_HARDLINKS=1 CURL_LDFLAGS="-lcurl -lbearssl -lz"
}

phase_install() {
	make prefix="$out" CC="$CC" CFLAGS="$CFLAGS $CPPFLAGS" LDFLAGS="$LDFLAGS" INSTALL_SYMLINKS=1 NO_OPENSSL=1 NO_EXPAT=1 NO_PERL=1 NO_PYTHON=1 NO_TCLTK=1 NO_GETTEXT=1 NO_REGEX=1 NO_INSTALL_HARDLINKS=1 CURL_LDFLAGS="-lcurl -lbearssl -lz" PREFIX="$out" install
}

echo '#@ phase build'
phase_build
echo '#@ phase install'
phase_install
