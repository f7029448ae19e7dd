#!/bin/sh
#@ pthbs 1
#@ name apk-tools
#@ version 3.0.5
#@ system x86_64-linux
#@ target x86_64-linux-musl
#@ source sha256:8795712ce02457d29c0beb18f82851b408d1d47f98a0cbbbd33ab5ea496f665d apk-tools-3.0.5.tar.gz
#@ tool busybox.8efcb74ad6e490a3e3b3afb675e98af0888ccd530fe1c3268a5324f5e63387fe
#@ tool gnu-make.258e9f5c018ee9e96336e71b7afadfb9f6d941966aabcbaaa77ef587463bf5f4
#@ tool muon.57a2c874cb6d09f7aed5fb39a6bd02278df86007a5b04e5623f38f1df8080ab3
#@ tool musl-cross-make.938349c4209476926861e39acca2c48bf84c65df3ad2a6ee974aa1b8f116340e
#@ dep openssl.3cad984cf669626face732f912591793805e9e4e1b61014646466d4d334c821a
#@ dep zlib.8a40da72f55f5915a5d957716b17345331c0874ba684ce69c09893792713be97
#@ build sandbox=on set_path=on static=on
set -eu
umask 022
export LC_ALL=C TZ=UTC0 HOME="$tmp" SOURCE_DATE_EPOCH=315619200 PERL_HASH_SEED=0 PYTHONHASHSEED=0
export CC=x86_64-linux-musl-gcc CFLAGS="-O2"
export CXX=x86_64-linux-musl-g++ CXXFLAGS="$CFLAGS"
export CPPFLAGS="" LDFLAGS="-static -s -Wl,--build-id=none" PKG_CONFIG_LIBDIR=""

# Libraries, and what they use in turn: a static library brings nothing along.
deps="
	/versions/openssl.3cad984cf669626face732f912591793805e9e4e1b61014646466d4d334c821a
	/versions/zlib.8a40da72f55f5915a5d957716b17345331c0874ba684ce69c09893792713be97
"
for dep in $deps; do
	CPPFLAGS="$CPPFLAGS -I$dep/include"
	LDFLAGS="$LDFLAGS -L$dep/lib"
	PKG_CONFIG_LIBDIR="$PKG_CONFIG_LIBDIR:$dep/lib/pkgconfig"
done

cd "$src/apk-tools-3.0.5"

phase_configure() {
	PKG_CONFIG_PATH="$PKG_CONFIG_LIBDIR" muon setup -Dprefix="$out" -Dlibdir=lib -Dbuildtype=plain \
		-Ddefault_library=static -Dprefer_static=true -Dwrap_mode=nodownload -Dwarning_level=0 \
		-Ddocs=disabled -Dhelp=disabled -Dlua=disabled -Dpython=disabled -Dtests=disabled -Dzstd=disabled \
		"$tmp/build"
}

phase_build() {
	muon samu -j$jobs -C "$tmp/build" src/apk
}

phase_install() {
	mkdir -p "$out/bin"
	cp "$tmp/build/src/apk" "$out/bin/"
}

echo '#@ phase configure'
phase_configure
echo '#@ phase build'
phase_build
echo '#@ phase install'
phase_install
