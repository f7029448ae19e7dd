#!/bin/sh
#@ pthbs 1
#@ name kmod
#@ version 34.2
#@ system x86_64-linux
#@ target x86_64-linux-musl
#@ source sha256:5a5d5073070cc7e0c7a7a3c6ec2a0e1780850c8b47b3e3892226b93ffcb9cb54 kmod-34.2.tar.xz
#@ tool busybox.8efcb74ad6e490a3e3b3afb675e98af0888ccd530fe1c3268a5324f5e63387fe
#@ tool gnu-make.258e9f5c018ee9e96336e71b7afadfb9f6d941966aabcbaaa77ef587463bf5f4
#@ tool musl-cross-make.938349c4209476926861e39acca2c48bf84c65df3ad2a6ee974aa1b8f116340e
#@ dep xz.1971ac9005f7ed5eb31807d3a672144152b363dcfbae404d51994e8a02cfbd14
#@ dep zlib.8a40da72f55f5915a5d957716b17345331c0874ba684ce69c09893792713be97
#@ dep zstd.312ff4b4b822d17759c156b82182931012458a50424f292a3d03a3fd3a855974
#@ build sandbox=on set_path=on static=on
set -eu
umask 022
export LC_ALL=C TZ=UTC0 HOME="$tmp" SOURCE_DATE_EPOCH=315619200 PERL_HASH_SEED=0 PYTHONHASHSEED=0
export CC=x86_64-linux-musl-gcc CFLAGS="-O2"
export CXX=x86_64-linux-musl-g++ CXXFLAGS="$CFLAGS"
export CPPFLAGS="" LDFLAGS="-static -s -Wl,--build-id=none" PKG_CONFIG_LIBDIR=""

# Libraries, and what they use in turn: a static library brings nothing along.
deps="
	/versions/zlib.8a40da72f55f5915a5d957716b17345331c0874ba684ce69c09893792713be97
	/versions/xz.1971ac9005f7ed5eb31807d3a672144152b363dcfbae404d51994e8a02cfbd14
	/versions/zstd.312ff4b4b822d17759c156b82182931012458a50424f292a3d03a3fd3a855974
"
for dep in $deps; do
	CPPFLAGS="$CPPFLAGS -I$dep/include"
	LDFLAGS="$LDFLAGS -L$dep/lib"
	PKG_CONFIG_LIBDIR="$PKG_CONFIG_LIBDIR:$dep/lib/pkgconfig"
done

cd "$src/kmod-34.2"

phase_build() {
	cat >config.h <<'EOF'
#define _GNU_SOURCE 1
#define PACKAGE "kmod"
#define VERSION "34.2"
#define KMOD_FEATURES "+ZSTD +XZ +ZLIB -OPENSSL"
#define SYSCONFDIR "/etc"
#define DISTCONFDIR "/lib"
#define MODULE_DIRECTORY "/lib/modules"
#define ENABLE_LOGGING 1
#define ENABLE_DEBUG 0
#define ENABLE_ELFDBG 0
#define ENABLE_XZ 1
#define ENABLE_ZLIB 1
#define ENABLE_ZSTD 1
#define ENABLE_OPENSSL 0
#define ENABLE_XZ_DLOPEN 0
#define ENABLE_ZLIB_DLOPEN 0
#define ENABLE_ZSTD_DLOPEN 0
#define HAVE_DECL_BASENAME 0
#define HAVE_DECL_STRNDUPA 1
#define HAVE_FOPEN64 0
#define HAVE_NORETURN 1
#define HAVE_OPEN64 0
#define HAVE_STAT64 0
#define HAVE_SECURE_GETENV 1
#define HAVE_STATIC_ASSERT 1
#define HAVE_STRUCT_STAT_ST_MTIM 1
#define HAVE___BUILTIN_CLZ 1
#define HAVE___BUILTIN_TYPES_COMPATIBLE_P 1
#define HAVE___BUILTIN_UADD_OVERFLOW 1
#define HAVE___BUILTIN_UADDL_OVERFLOW 1
#define HAVE___BUILTIN_UADDLL_OVERFLOW 1
#define HAVE___BUILTIN_UMUL_OVERFLOW 1
#define HAVE___BUILTIN_UMULL_OVERFLOW 1
#define HAVE___BUILTIN_UMULLL_OVERFLOW 1
EOF
	cat >Makefile <<'EOF'
# Builds kmod and its library without configure or meson.

library := $(patsubst %.c,%.o,$(wildcard shared/*.c libkmod/*.c))
program := $(patsubst %.c,%.o,$(wildcard tools/*.c))

kmod: $(program) libkmod.a
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ -lzstd -llzma -lz

libkmod.a: $(library)
	ar rcD $@ $^

install: kmod
	mkdir -p "$(out)/bin" "$(out)/include" "$(out)/lib"
	cp kmod "$(out)/bin/"
	cp libkmod/libkmod.h "$(out)/include/"
	cp libkmod.a "$(out)/lib/"
	for name in depmod insmod lsmod modinfo modprobe rmmod; do ln -s kmod "$(out)/bin/$$name"; done

.PHONY: install
EOF
	make CPPFLAGS="$CPPFLAGS -include config.h -I. -Ilibkmod"
}

phase_install() {
	make out="$out" install
}

echo '#@ phase build'
phase_build
echo '#@ phase install'
phase_install
