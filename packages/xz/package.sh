{% extends "autoconf" %}
{% set version = "5.8.1" %}
{% set meta = {
	"description": "Compression tools and library (LZMA)",
	"license": "0BSD AND GPL-2.0-or-later AND LGPL-2.1-or-later",
	"homepage": "https://tukaani.org/xz/",
	"update": {"url": "https://github.com/tukaani-project/xz/releases", "pattern": "xz-([0-9.]+)\\.tar\\.xz"},
} %}
{% set source = src(["https://github.com/tukaani-project/xz/releases/download/v5.8.1/xz-5.8.1.tar.xz", "deb-src:trixie/xz-utils/xz-utils_5.8.1.orig.tar.xz"],
	sha256="0b54f79df85912504de0b14aec7971e3f964491af1812d83447005807513cd9e") %}
{% set flags = ["--disable-doc"] %}
