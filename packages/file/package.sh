{% extends "autoconf" %}
{% set version = "5.46" %}
{% set meta = {
	"description": "Tells what kind of file a file is",
	"license": "BSD-2-Clause-Darwin",
	"homepage": "https://www.darwinsys.com/file/",
} %}
{% set source = src(["https://astron.com/pub/file/file-5.46.tar.gz", "deb-src:trixie/file/file_5.46.orig.tar.gz"],
	sha256="c9cc77c7c560c543135edc555af609d5619dbef011997e988ce40a3d75d86088") %}
{% do dep("zlib") %}
{% set flags = ["--disable-libseccomp --disable-bzlib --disable-xzlib --disable-zstdlib --disable-lzlib"] %}
