#!/bin/sh
#@ pthbs 1
#@ name hello-prebuilt
#@ version 1
#@ system x86_64-linux
#@ target x86_64-linux-musl
#@ source sha256:c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00c0ffee04 hello-prebuilt-1.tar.gz
#@ tool busybox.8efcb74ad6e490a3e3b3afb675e98af0888ccd530fe1c3268a5324f5e63387fe
#@ tool gnu-make.258e9f5c018ee9e96336e71b7afadfb9f6d941966aabcbaaa77ef587463bf5f4
#@ build sandbox=on set_path=on static=on
set -eu
umask 022
export LC_ALL=C TZ=UTC0 HOME="$tmp" SOURCE_DATE_EPOCH=315619200 PERL_HASH_SEED=0 PYTHONHASHSEED=0

cd "$src/hello-prebuilt-1"

phase_install() {
	cp -R bin "$out"/
	cp -R 'it'\''s data' "$out"/
	rm "$out/bin/unwanted"
}

echo '#@ phase install'
phase_install
