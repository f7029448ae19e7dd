{% extends "base" %}
{% set version = "1.2.7" %}
{% set meta = {
	"description": "fts, the BSD walk through directories, which musl does not have",
	"license": "BSD-3-Clause",
	"homepage": "https://github.com/void-linux/musl-fts",
	"update": {"url": "https://github.com/void-linux/musl-fts/tags", "pattern": "v([0-9.]+)\\.tar\\.gz"},
	"verified": false, "reason": "nobody here could reach the only place that has its sources",
} %}
{% set source = src("https://github.com/void-linux/musl-fts/archive/refs/tags/v1.2.7.tar.gz", name="musl-fts-1.2.7.tar.gz",
	sha256="49ae567a96dbab22823d045ffebe0d6b14b9b799925e9ca9274d47d26ff482a6") %}
{%# It has no configure, and is one file. #%}
{% block build %}
	$CC $CFLAGS -DHAVE_DECL_MAX=0 -DHAVE_DECL_UINTMAX_MAX=1 -DHAVE_DIRFD=1 -c fts.c
	ar rcD libfts.a fts.o
{% endblock %}
{% block install %}
	mkdir -p "$out/include" "$out/lib"
	cp fts.h "$out/include/"
	cp libfts.a "$out/lib/"
{% endblock %}
