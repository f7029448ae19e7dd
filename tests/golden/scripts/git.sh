#!/bin/sh
#@ pthbs 1
#@ name git
#@ version 2.47.3
#@ system x86_64-linux
#@ target x86_64-linux-musl
#@ source sha256:9c2eb1250781b3e5bfef098572d07fdf132d67e6c065e4307332ade9819a1501 git-2.47.3.tar.xz
#@ tool busybox.8efcb74ad6e490a3e3b3afb675e98af0888ccd530fe1c3268a5324f5e63387fe
#@ tool gnu-make.258e9f5c018ee9e96336e71b7afadfb9f6d941966aabcbaaa77ef587463bf5f4
#@ tool musl-cross-make.938349c4209476926861e39acca2c48bf84c65df3ad2a6ee974aa1b8f116340e
#@ dep curl.71416b97a5104c6b9f63e0426ff69925df0e47ad8b5e89d8fa0149f4c40913f1
#@ build sandbox=on set_path=on static=on
set -eu
umask 022
export LC_ALL=C TZ=UTC0 HOME="$tmp" SOURCE_DATE_EPOCH=315619200 PERL_HASH_SEED=0 PYTHONHASHSEED=0
export CC=x86_64-linux-musl-gcc CFLAGS="-O2"
export CXX=x86_64-linux-musl-g++ CXXFLAGS="$CFLAGS"
export CPPFLAGS="" LDFLAGS="-static -s -Wl,--build-id=none" PKG_CONFIG_LIBDIR=""

# Libraries, and what they use in turn: a static library brings nothing along.
deps="
	/versions/curl.71416b97a5104c6b9f63e0426ff69925df0e47ad8b5e89d8fa0149f4c40913f1
	/versions/zlib.8a40da72f55f5915a5d957716b17345331c0874ba684ce69c09893792713be97
	/versions/bearssl.3b5dba278b58f6a86e24d2ad9898a0b8ed5d4953b2db1e5d18070369aa317871
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
