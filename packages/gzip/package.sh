{% extends "autoconf" %}
{% set version = "1.13" %}
{% set meta = {
	"description": "Compression tool (deflate)",
	"license": "GPL-3.0-or-later",
	"homepage": "https://www.gnu.org/software/gzip/",
} %}
{% set source = src(["https://ftp.gnu.org/gnu/gzip/gzip-1.13.tar.xz", "deb-src:trixie/gzip/gzip_1.13.orig.tar.xz"],
	sha256="7454eb6935db17c6655576c2e1b0fabefd38b4d0936e0f87f48cd062ce91a057") %}
{%# zgrep would remember where the build had grep. #%}
{% set flags = ["ac_cv_path_GREP=grep"] %}
