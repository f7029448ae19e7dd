#!/bin/sh
#@ pthbs 1
#@ name libelf
#@ version 0.192
#@ system x86_64-linux
#@ target x86_64-linux-musl
#@ source sha256:616099beae24aba11f9b63d86ca6cc8d566d968b802391334c91df54eab416b4 elfutils-0.192.tar.bz2
#@ tool busybox.8efcb74ad6e490a3e3b3afb675e98af0888ccd530fe1c3268a5324f5e63387fe
#@ tool gnu-make.258e9f5c018ee9e96336e71b7afadfb9f6d941966aabcbaaa77ef587463bf5f4
#@ tool musl-cross-make.938349c4209476926861e39acca2c48bf84c65df3ad2a6ee974aa1b8f116340e
#@ dep zlib.8a40da72f55f5915a5d957716b17345331c0874ba684ce69c09893792713be97
#@ build sandbox=on set_path=on static=on
set -eu
umask 022
export LC_ALL=C TZ=UTC0 HOME="$tmp" SOURCE_DATE_EPOCH=315619200 PERL_HASH_SEED=0 PYTHONHASHSEED=0
export CC=x86_64-linux-musl-gcc CFLAGS="-O2 -Wno-error"
export CXX=x86_64-linux-musl-g++ CXXFLAGS="$CFLAGS"
export CPPFLAGS="" LDFLAGS="-static -s -Wl,--build-id=none" PKG_CONFIG_LIBDIR=""

# Libraries, and what they use in turn: a static library brings nothing along.
deps="
	/versions/zlib.8a40da72f55f5915a5d957716b17345331c0874ba684ce69c09893792713be97
"
for dep in $deps; do
	CPPFLAGS="$CPPFLAGS -I$dep/include"
	LDFLAGS="$LDFLAGS -L$dep/lib"
	PKG_CONFIG_LIBDIR="$PKG_CONFIG_LIBDIR:$dep/lib/pkgconfig"
done

cd "$src/elfutils-0.192"

phase_configure() {
	./configure --prefix="$out" --build=x86_64-linux-musl \
		--disable-dependency-tracking --disable-nls --disable-shared --enable-static \
		ac_cv_search_argp_parse='none required' ac_cv_search_fts_close='none required' ac_cv_search__obstack_free='none required' \
		ac_cv_tls=yes --disable-symbol-versioning --disable-demangler --disable-debuginfod --disable-libdebuginfod --without-bzlib --without-lzma --without-zstd
}

phase_build() {
	make -C lib eu-search.o next_prime.o crc32.o
	make -C libelf libelf.a
	# The shared library is linked with these, the archive upstream makes is not.
	ar rD libelf/libelf.a lib/eu-search.o lib/next_prime.o lib/crc32.o
}

phase_install() {
	mkdir -p "$out/include" "$out/lib/pkgconfig"
	cp libelf/libelf.h libelf/gelf.h libelf/nlist.h "$out/include/"
	cp libelf/libelf.a "$out/lib/"
	cp config/libelf.pc "$out/lib/pkgconfig/"
}

echo '#@ phase configure'
phase_configure
echo '#@ phase build'
phase_build
echo '#@ phase install'
phase_install
