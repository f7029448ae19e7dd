#!/bin/sh
#@ pthbs 1
#@ name zlib
#@ version 1.3.1
#@ system x86_64-linux
#@ target x86_64-linux-musl
#@ source sha256:60dd315c07f616887caa029408308a018ace66e3d142726a97db164b3b8f69fb zlib-1.3.1.tar.gz
#@ tool musl.8d0d08264dd13eef1db9313d7fa0926dd9a6804da47d43457cafebcdde447414
#@ build sandbox=host set_path=on static=on
set -eu
umask 022
export LC_ALL=C TZ=UTC0 HOME="$tmp" SOURCE_DATE_EPOCH=315619200 PERL_HASH_SEED=0 PYTHONHASHSEED=0
export CC=x86_64-linux-musl-gcc CFLAGS="-O2"
export CPPFLAGS="" LDFLAGS="-static -s -Wl,--build-id=none" PKG_CONFIG_LIBDIR=""

cd "$src/zlib-1.3.1"

phase_configure() {
	./configure --prefix="$out" --static
}

phase_build() {
	make
}

phase_check() {
	make test
}

phase_install() {
	make PREFIX="$out" install
}

echo '#@ phase configure'
phase_configure
echo '#@ phase build'
phase_build
echo '#@ phase check'
phase_check
echo '#@ phase install'
phase_install
