{% extends "autoconf" %}
{% set version = "0.192" %}
{% set meta = {
	"description": "Reads and writes ELF files: the library of elfutils",
	"license": "GPL-2.0-or-later OR LGPL-3.0-or-later",
	"homepage": "https://sourceware.org/elfutils/",
	"update": {"url": "https://sourceware.org/elfutils/ftp/", "pattern": "(0\\.[0-9]+)/"},
} %}
{% set source = src(["https://sourceware.org/elfutils/ftp/0.192/elfutils-0.192.tar.bz2", "deb-src:trixie/elfutils/elfutils_0.192.orig.tar.bz2"],
	sha256="616099beae24aba11f9b63d86ca6cc8d566d968b802391334c91df54eab416b4") %}
{% do dep("zlib") %}
{%# What musl lacks is for the programs; a check that links a shared library cannot pass. #%}
{% set flags = [
	"ac_cv_search_argp_parse='none required' ac_cv_search_fts_close='none required' ac_cv_search__obstack_free='none required'",
	"ac_cv_tls=yes --disable-symbol-versioning --disable-demangler --disable-debuginfod --disable-libdebuginfod --without-bzlib --without-lzma --without-zstd",
] %}
{% set cflags = ["-Wno-error"] %}
{% block build %}
	make -C lib eu-search.o next_prime.o crc32.o
	make -C libelf libelf.a
	# The shared library is linked with these, the archive upstream makes is not.
	ar rD libelf/libelf.a lib/eu-search.o lib/next_prime.o lib/crc32.o
{% endblock %}
{% block install %}
	mkdir -p "$out/include" "$out/lib/pkgconfig"
	cp libelf/libelf.h libelf/gelf.h libelf/nlist.h "$out/include/"
	cp libelf/libelf.a "$out/lib/"
	cp config/libelf.pc "$out/lib/pkgconfig/"
{% endblock %}
