#!/bin/sh
#@ pthbs 1
#@ name libcap
#@ version 2.75
#@ system x86_64-linux
#@ target x86_64-linux-musl
#@ source sha256:de4e7e064c9ba451d5234dd46e897d7c71c96a9ebf9a0c445bc04f4742d83632 libcap-2.75.tar.xz
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

cd "$src/libcap-2.75"

phase_build() {
	# bash would make this, to be compared with the file that is there.
	cp progs/capshdoc.c progs/capshdoc.c.cf
	make CC="$CC" BUILD_CC="$CC" AR=ar RANLIB=ranlib COPTS="$CFLAGS" LDFLAGS="$LDFLAGS" SHARED=no LIBCSTATIC=yes PTHREADS=no GOLANG=no PAM_CAP=no prefix="$out" lib=lib CAPSH_SHELL='-DSHELL=\"/bin/sh\"'
}

phase_install() {
	make CC="$CC" BUILD_CC="$CC" AR=ar RANLIB=ranlib COPTS="$CFLAGS" LDFLAGS="$LDFLAGS" SHARED=no LIBCSTATIC=yes PTHREADS=no GOLANG=no PAM_CAP=no prefix="$out" lib=lib CAPSH_SHELL='-DSHELL=\"/bin/sh\"' RAISE_SETFCAP=no install
}

echo '#@ phase build'
phase_build
echo '#@ phase install'
phase_install
