#!/bin/sh
#@ pthbs 1
#@ name libfts
#@ version 20240319
#@ system x86_64-linux
#@ target x86_64-linux-musl
#@ source sha256:459baa4f923666005c6784f96ecf984ae36f24d03336c61486c426c92a8ac7bc libnbcompat_20240319.orig.tar.gz
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

cd "$src/libnbcompat_20240319.orig"

phase_build() {
	sed -e '/<nbcompat/d' -e '/_DECLS$/d' -e 's:^#define._NBCOMPAT_FTS_H_$:&\n#include <sys/stat.h>:' nbcompat/fts.h >fts.h
	sed -i '/<nbcompat/d' __fts13.c
	$CC $CFLAGS -I. -D'__P(x)=x' -D'__RCSID(x)=' -D'_DIAGASSERT(x)=' -DHAVE_ERRNO_H -DHAVE_FCNTL_H -DHAVE_DIRFD \
		-include sys/param.h -include dirent.h -include stdlib.h -include string.h -include unistd.h -include fts.h \
		-c __fts13.c -o fts.o
	ar rcD libfts.a fts.o
}

phase_install() {
	mkdir -p "$out/include" "$out/lib"
	cp fts.h "$out/include/"
	cp libfts.a "$out/lib/"
}

echo '#@ phase build'
phase_build
echo '#@ phase install'
phase_install
