{% extends "autoconf" %}
{% set version = "2.5.2" %}
{% set meta = {
	"description": "Extended attributes: library and tools",
	"license": "LGPL-2.1-or-later AND GPL-2.0-or-later",
	"homepage": "https://savannah.nongnu.org/projects/attr/",
} %}
{% set source = src(["https://download.savannah.gnu.org/releases/attr/attr-2.5.2.tar.xz", "deb-src:trixie/attr/attr_2.5.2.orig.tar.xz"],
	sha256="f2e97b0ab7ce293681ab701915766190d607a1dba7fae8a718138150b700a70b") %}
{%# basename() without its header, which musl 1.2.5 does not declare elsewhere. #%}
{% set cflags = ["-include libgen.h"] %}
