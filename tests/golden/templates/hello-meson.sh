#!/bin/sh
#@ pthbs 1
#@ name hello-meson
#@ version 1
#@ system x86_64-linux
#@ target x86_64-linux-musl
#@ source sha256:c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00c0ffee02 hello-meson-1.tar.gz
#@ tool busybox.8efcb74ad6e490a3e3b3afb675e98af0888ccd530fe1c3268a5324f5e63387fe
#@ tool gnu-make.258e9f5c018ee9e96336e71b7afadfb9f6d941966aabcbaaa77ef587463bf5f4
#@ tool muon.688bcaeecf77b724013f62de6f21f6634e6bb7fd01cfbcbf3b5fb4bcd06c3390
#@ tool musl-cross-make.938349c4209476926861e39acca2c48bf84c65df3ad2a6ee974aa1b8f116340e
#@ tool pkgconf.a728c5c654188945a7596943fa3a75559cf43a9a992b07f3bea120e2f413fa4a
#@ tool samurai.76517c042f4b548f4879235d5517de84a0d340588e05f472bbb644df53fafb7d
#@ build sandbox=on set_path=on static=on
set -eu
umask 022
export LC_ALL=C TZ=UTC0 HOME="$tmp" SOURCE_DATE_EPOCH=315619200 PERL_HASH_SEED=0 PYTHONHASHSEED=0
export CC=x86_64-linux-musl-gcc CFLAGS="-O2"
export CXX=x86_64-linux-musl-g++ CXXFLAGS="$CFLAGS"
export CPPFLAGS="" LDFLAGS="-static -s -Wl,--build-id=none" PKG_CONFIG_LIBDIR=""

cd "$src/hello-meson-1"

phase_configure() {
	muon setup -Dprefix="$out" -Dlibdir=lib -Dbuildtype=plain -Ddefault_library=static -Dprefer_static=true \
		-Dwrap_mode=nodownload -Dwarning_level=0 \
		-Dgreeting=hello \
		"$tmp/build"
}

phase_build() {
	# From 1.13 on ninja takes its width from MAKEFLAGS; an older one, and samurai, must be told.
	case $(samu --version) in
		1.[0-9] | 1.[0-9].* | 1.1[0-2] | 1.1[0-2].*) width=-j$jobs ;;
		*) width= ;;
	esac
	samu $width -C "$tmp/build"
}

phase_check() {
	samu $width -C "$tmp/build" test
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
