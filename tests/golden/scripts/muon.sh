#!/bin/sh
#@ pthbs 1
#@ name muon
#@ version 0.4.0
#@ system x86_64-linux
#@ target x86_64-linux-musl
#@ source sha256:9121f2521fb5037a87a922573b7fd886f0c4e7eb17696dd80901d810b9b56609 muon-0.4.0.tar.gz
#@ tool busybox.8efcb74ad6e490a3e3b3afb675e98af0888ccd530fe1c3268a5324f5e63387fe
#@ tool gnu-make.258e9f5c018ee9e96336e71b7afadfb9f6d941966aabcbaaa77ef587463bf5f4
#@ tool musl-cross-make.938349c4209476926861e39acca2c48bf84c65df3ad2a6ee974aa1b8f116340e
#@ build sandbox=on set_path=on static=on
set -eu
umask 022
export LC_ALL=C TZ=UTC0 HOME="$tmp" SOURCE_DATE_EPOCH=315619200 PERL_HASH_SEED=0 PYTHONHASHSEED=0
export CC=x86_64-linux-musl-gcc CFLAGS="-O2"
export CXX=x86_64-linux-musl-g++ CXXFLAGS="$CFLAGS"
export CPPFLAGS="" LDFLAGS="-static -s -Wl,--build-id=none" PKG_CONFIG_LIBDIR=""

cd "$src/muon-0.4.0"

phase_build() {
	sh bootstrap.sh stage no-pkgconf
	./stage/muon-bootstrap setup -Dlibcurl=disabled -Dlibarchive=disabled -Dlibpkgconf=disabled -Ddocs=disabled \
		-Dtracy=disabled -Dstatic=true build
	./stage/muon-bootstrap -C build samu
}

phase_install() {
	mkdir -p "$out/bin"
	cp build/muon "$out/bin/"
}

echo '#@ phase build'
phase_build
echo '#@ phase install'
phase_install
