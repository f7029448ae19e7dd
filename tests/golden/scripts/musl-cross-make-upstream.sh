#!/bin/sh
#@ pthbs 1
#@ name musl-cross-make-upstream
#@ version 2025-07-11
#@ system x86_64-linux
#@ target x86_64-linux-musl
#@ source git:e5147dde912478dd32ad42a25003e82d4f5733aa tree:0000000000000000737101a8df5d413c6d2c00fc69acbec788f9acf6e0200f83 musl-cross-make
#@ source sha256:75d5d255a2a273b6e651f82eecfabf6cbcd8eaeae70e86b417384c8f4a58d8d3 config.sub unpack=no
#@ source sha256:a3c2b80201b89e68616f4ad30bc66aee4927c3ce50e33929ca819d5c43538898 gmp-6.3.0.tar.xz unpack=no
#@ source sha256:a7b39bc69cbf9e25826c5a60ab26477001f7c08d85cec04bc0e29cabed6f3cc9 gcc-14.2.0.tar.xz unpack=no
#@ source sha256:a9a118bbe84d8764da0ea0d28b3ab3fae8477fc7e4085d90102b8596fc7c75e4 musl-1.2.5.tar.gz unpack=no
#@ source sha256:ab642492f5cf882b74aa0cb730cd410a81edcdbec895183ce930e706c1c759b8 mpc-1.3.1.tar.gz unpack=no
#@ source sha256:b67ba0383ef7e8a8563734e2e889ef5ec3c3b898a01d00fa0a6869ad81c6ce01 mpfr-4.2.2.tar.xz unpack=no
#@ source sha256:ce2017e059d63e67ddb9240e9d4ec49c2893605035cd60e92ad53177f4377237 binutils-2.44.tar.xz unpack=no
#@ source sha256:dc7abf734487553644258a3822cfd429d74656749e309f2b25f09f4282e05588 linux-headers-4.19.88-2.tar.xz unpack=no
#@ build sandbox=host set_path=on static=on
set -eu
umask 022
export LC_ALL=C TZ=UTC0 HOME="$tmp" SOURCE_DATE_EPOCH=315619200 PERL_HASH_SEED=0 PYTHONHASHSEED=0

cd "$src/musl-cross-make"

phase_configure() {
	cat >config.mak <<-EOF
	TARGET = x86_64-linux-musl
	OUTPUT = $out
	SOURCES = $src
	BINUTILS_VER = 2.44
	GCC_VER = 14.2.0
	GMP_VER = 6.3.0
	MPFR_VER = 4.2.2
	MPC_VER = 1.3.1
	MUSL_VER = 1.2.5
	LINUX_VER = headers-4.19.88-2
	COMMON_CONFIG += CC="gcc -static --static" CXX="g++ -static --static" CFLAGS="-O2 -g0" CXXFLAGS="-O2 -g0"
	COMMON_CONFIG += --disable-nls --with-debug-prefix-map=\$(CURDIR)=
	GCC_CONFIG += --enable-languages=c,c++ --disable-shared --disable-multilib
	MUSL_CONFIG += --disable-shared
	EOF
}

phase_build() {
	make
}

phase_install() {
	make install
	find "$out" -name '*.la' -exec rm {} +
}

echo '#@ phase configure'
phase_configure
echo '#@ phase build'
phase_build
echo '#@ phase install'
phase_install
