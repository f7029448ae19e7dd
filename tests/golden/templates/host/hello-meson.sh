#!/bin/sh
#@ pthbs 1
#@ name hello-meson
#@ version 1
#@ system x86_64-linux
#@ target x86_64-linux-musl
#@ source sha256:c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00c0ffee02 hello-meson-1.tar.gz
#@ tool musl.8d0d08264dd13eef1db9313d7fa0926dd9a6804da47d43457cafebcdde447414
#@ build sandbox=host set_path=on static=on
set -eu
umask 022
export LC_ALL=C TZ=UTC0 HOME="$tmp" SOURCE_DATE_EPOCH=315619200 PERL_HASH_SEED=0 PYTHONHASHSEED=0
export CC=x86_64-linux-musl-gcc CFLAGS="-O2"
export CPPFLAGS="" LDFLAGS="-static -s -Wl,--build-id=none" PKG_CONFIG_LIBDIR=""

cd "$src/hello-meson-1"

phase_configure() {
	PKG_CONFIG_PATH="$PKG_CONFIG_LIBDIR" meson setup -Dprefix="$out" -Dlibdir=lib -Dbuildtype=plain \
		-Ddefault_library=static -Dprefer_static=true -Dwrap_mode=nodownload -Dwarning_level=0 \
		-Dgreeting=hello \
		"$tmp/build"
}

phase_build() {
	# From 1.13 on ninja takes its width from MAKEFLAGS; an older one must be told.
	case $(ninja --version) in
		1.[0-9] | 1.[0-9].* | 1.1[0-2] | 1.1[0-2].*) width=-j$jobs ;;
		*) width= ;;
	esac
	ninja $width -C "$tmp/build"
}

phase_check() {
	ninja $width -C "$tmp/build" test
}

phase_install() {
	cd "$tmp/build"
	meson install --no-rebuild
}

echo '#@ phase configure'
phase_configure
echo '#@ phase build'
phase_build
echo '#@ phase check'
phase_check
echo '#@ phase install'
phase_install
