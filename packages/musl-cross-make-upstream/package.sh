{% extends "base" %}
{%# Upstream's own tool, with the versions of `musl-cross-make` beside it. Rendered only: nobody has fetched the tree of
    this commit here, so its sha256 is open, and the fetch will tell it. #%}
{% set version = "2025-07-11" %}
{% set meta = {
	"description": "C and C++ toolchain, built by upstream's musl-cross-make",
	"license": "MIT AND GPL-3.0-or-later WITH GCC-exception-3.1 AND GPL-3.0-or-later AND LGPL-3.0-or-later",
	"homepage": "https://github.com/richfelker/musl-cross-make",
	"update": {"url": "https://github.com/richfelker/musl-cross-make/commits/master/", "pattern": "([0-9]{4}-[0-9]{2}-[0-9]{2})T"},
	"verified": false, "reason": "nobody here could reach the only place that has its sources",
} %}
{% set sandbox = "host" %}
{% set source = git("https://github.com/richfelker/musl-cross-make.git",
	commit="e5147dde912478dd32ad42a25003e82d4f5733aa", sha256="") %}
{% block compiler %}{% endblock %}

{%# Files in the directory SOURCES are taken as they are: no download, no check by sha1. #%}
{% set _gnu = "https://ftp.gnu.org/gnu/" %}
{% do src(_gnu ~ "binutils/binutils-2.44.tar.xz", unpack=false,
	sha256="ce2017e059d63e67ddb9240e9d4ec49c2893605035cd60e92ad53177f4377237") %}
{% do src(_gnu ~ "gcc/gcc-14.2.0/gcc-14.2.0.tar.xz", unpack=false,
	sha256="a7b39bc69cbf9e25826c5a60ab26477001f7c08d85cec04bc0e29cabed6f3cc9") %}
{% do src(_gnu ~ "gmp/gmp-6.3.0.tar.xz", unpack=false,
	sha256="a3c2b80201b89e68616f4ad30bc66aee4927c3ce50e33929ca819d5c43538898") %}
{% do src(_gnu ~ "mpfr/mpfr-4.2.2.tar.xz", unpack=false,
	sha256="b67ba0383ef7e8a8563734e2e889ef5ec3c3b898a01d00fa0a6869ad81c6ce01") %}
{% do src(_gnu ~ "mpc/mpc-1.3.1.tar.gz", unpack=false,
	sha256="ab642492f5cf882b74aa0cb730cd410a81edcdbec895183ce930e706c1c759b8") %}
{% do src("https://musl.libc.org/releases/musl-1.2.5.tar.gz", unpack=false,
	sha256="a9a118bbe84d8764da0ea0d28b3ab3fae8477fc7e4085d90102b8596fc7c75e4") %}
{% do src("https://ftp.barfooze.de/pub/sabotage/tarballs/linux-headers-4.19.88-2.tar.xz", unpack=false,
	sha256="dc7abf734487553644258a3822cfd429d74656749e309f2b25f09f4282e05588") %}
{% do src("https://git.savannah.gnu.org/gitweb/?p=config.git;a=blob_plain;f=config.sub;hb=3d5db9ebe860", name="config.sub", unpack=false,
	sha256="75d5d255a2a273b6e651f82eecfabf6cbcd8eaeae70e86b417384c8f4a58d8d3") %}

{% block configure %}
	cat >config.mak <<-EOF
	TARGET = {{ target }}
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
{% endblock %}
{% block build %}
	make
{% endblock %}
{% block install %}
	make install
	find "$out" -name '*.la' -exec rm {} +
{% endblock %}
