{% extends "make" %}
{% set version = "1.5.7" %}
{% set meta = {
	"description": "Compression tool and library (Zstandard)",
	"license": "BSD-3-Clause OR GPL-2.0-only",
	"homepage": "https://facebook.github.io/zstd/",
	"update": {"url": "https://github.com/facebook/zstd/releases", "pattern": "zstd-([0-9.]+)\\.tar\\.gz"},
} %}
{% if sources == "debian" %}
{% set source = src("deb-src:trixie/libzstd/libzstd_1.5.7+dfsg.orig.tar.xz", name="zstd-1.5.7.tar.xz",
	sha256="0c092ef267edce57ba7f3f2645c861f72eaf5e76273c6c3632869423464b90a5") %}
{% else %}
{% set source = src("https://github.com/facebook/zstd/releases/download/v1.5.7/zstd-1.5.7.tar.gz",
	sha256="eb33e51f49a15e023950cd7825ca74a4a2b43db8354825ac24fc1b7ee09e6fa3") %}
{% endif %}
{%# Its assertions would tell where it was built. #%}
{% set cflags = ["-ffile-prefix-map=$src/="] %}
{%# Its top Makefile installs the shared library, which cannot be linked statically. #%}
{% set make_flags = ["HAVE_ZLIB=0 HAVE_LZMA=0 HAVE_LZ4=0 UNAME=Linux PREFIX=\"$out\""] %}
{% block build %}
	make -C lib {{ _make | join(" ") }} libzstd.a
	make -C programs {{ _make | join(" ") }} zstd
{% endblock %}
{% block install %}
	make -C lib {{ _make | join(" ") }} install-static install-includes install-pc
	make -C programs {{ _make | join(" ") }} install
{% endblock %}
