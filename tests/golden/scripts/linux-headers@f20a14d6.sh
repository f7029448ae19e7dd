#!/bin/sh
#@ pthbs 1
#@ name linux-headers
#@ version 6.12.112
#@ system x86_64-linux
#@ target x86_64-linux-musl
#@ source sha256:164dc9d1f6c93c61a15e1f071c48379b467f2b17c469cce7223471968208ed03 linux-6.12.112.tar.xz
#@ build sandbox=host set_path=on static=on
set -eu
umask 022
export LC_ALL=C TZ=UTC0 HOME="$tmp" SOURCE_DATE_EPOCH=315619200 PERL_HASH_SEED=0 PYTHONHASHSEED=0

cd "$src/linux-6.12.112"

phase_build() {
	make ARCH=x86 HOSTCC=gcc O="$tmp/headers" headers
}

phase_install() {
	mkdir -p "$out"
	cp -R "$tmp/headers/usr/include" "$out/"
	find "$out/include" -type f ! -name '*.h' -exec rm {} +
}

echo '#@ phase build'
phase_build
echo '#@ phase install'
phase_install
