{% extends "autoconf" %}
{% set version = "3.8.2" %}
{% set meta = {
	"description": "Makes parsers",
	"license": "GPL-3.0-or-later",
	"homepage": "https://www.gnu.org/software/bison/",
	"update": {"url": "https://ftp.gnu.org/gnu/bison/", "pattern": "bison-([0-9.]+)\\.tar\\.xz"},
} %}
{% if sources == "debian" %}
{% set source = src("deb-src:trixie/bison/bison_3.8.2+dfsg.orig.tar.xz", name="bison-3.8.2.tar.xz",
	sha256="dff8a3c96dd34121828f62a7fa49e1f7765815b89e59f564e8d2a9e71c177be5") %}
{% else %}
{% set source = src("https://ftp.gnu.org/gnu/bison/bison-3.8.2.tar.xz",
	sha256="9bba0214ccf7f1079c5d59210045227bcf619519840ebfa80cd3849cff5a5bf2") %}
{% endif %}
{%# It runs m4 each time, by the path that it was told. #%}
{% set _m4 = needs("m4") %}
{% do tool("m4") %}
{% set flags = ["M4=" ~ _m4 ~ "/bin/m4"] %}
{%# The archive's tarball has no manual. #%}
{% set make_flags = ["PERL=true"] if sources == "debian" else [] %}
{% block pre_configure %}
{% if sources == "debian" %}
	touch -r configure doc/bison.texi
	sed -i -e 's/^INFO_DEPS = .*/INFO_DEPS =/' -e '/^all-local:.*info\.bak$/d' Makefile.in
{% endif %}
{% endblock %}
