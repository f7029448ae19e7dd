{% extends "autoconf" %}
{% set version = "3.7.4" %}
{% set meta = {
	"description": "Reads and writes archives: library, bsdtar, bsdcpio",
	"license": "BSD-2-Clause",
	"homepage": "https://libarchive.org/",
} %}
{% set source = src(["https://libarchive.org/downloads/libarchive-3.7.4.tar.xz", "deb-src:trixie/libarchive/libarchive_3.7.4.orig.tar.xz"],
	sha256="f887755c434a736a609cbd28d87ddbfbe9d6a3bb5b703c22c02f6af80a802735") %}
{% do dep("zlib") %}
{% do dep("bzip2") %}
{% do dep("xz") %}
{% do dep("zstd") %}
{% set flags = ["--without-xml2 --without-expat --without-openssl --without-nettle --without-cng --without-lz4 --without-lzo2"] %}
