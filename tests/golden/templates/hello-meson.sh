#!/bin/sh
#@ pthbs 1
#@ name hello-meson
#@ version 1
#@ system x86_64-linux
#@ target x86_64-linux-musl
#@ source sha256:c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00c0ffee02 hello-meson-1.tar.gz
#@ tool busybox.8efcb74ad6e490a3e3b3afb675e98af0888ccd530fe1c3268a5324f5e63387fe
#@ tool gnu-make.258e9f5c018ee9e96336e71b7afadfb9f6d941966aabcbaaa77ef587463bf5f4
#@ tool muon.57a2c874cb6d09f7aed5fb39a6bd02278df86007a5b04e5623f38f1df8080ab3
#@ tool musl-cross-make.938349c4209476926861e39acca2c48bf84c65df3ad2a6ee974aa1b8f116340e
#@ build sandbox=on set_path=on static=on
set -eu
umask 022
export LC_ALL=C TZ=UTC0 HOME="$tmp" SOURCE_DATE_EPOCH=315619200 PERL_HASH_SEED=0 PYTHONHASHSEED=0
export CC=x86_64-linux-musl-gcc CFLAGS="-O2"
export CXX=x86_64-linux-musl-g++ CXXFLAGS="$CFLAGS"
export CPPFLAGS="" LDFLAGS="-static -s -Wl,--build-id=none" PKG_CONFIG_LIBDIR=""

cd "$src/hello-meson-1"

phase_configure() {
	PKG_CONFIG_PATH="$PKG_CONFIG_LIBDIR" muon setup -Dprefix="$out" -Dlibdir=lib -Dbuildtype=plain \
		-Ddefault_library=static -Dprefer_static=true -Dwrap_mode=nodownload -Dwarning_level=0 \
		-Dgreeting=hello \
		"$tmp/build"
}

phase_build() {
	muon samu -j$jobs -C "$tmp/build"
}

phase_check() {
	muon samu -j$jobs -C "$tmp/build" test
}

phase_install() {
	cd "$tmp/build"
	muon install
}

echo '#@ phase configure'
phase_configure
echo '#@ phase build'
phase_build
echo '#@ phase check'
phase_check
echo '#@ phase install'
phase_install
