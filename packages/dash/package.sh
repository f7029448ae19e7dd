{% extends "autoconf" %}
{% set version = "0.5.12" %}
{% set meta = {
	"description": "Small POSIX shell",
	"license": "BSD-3-Clause AND GPL-2.0-or-later",
	"homepage": "http://gondor.apana.org.au/~herbert/dash/",
} %}
{% set source = src(["http://gondor.apana.org.au/~herbert/dash/files/dash-0.5.12.tar.gz", "deb-src:trixie/dash/dash_0.5.12.orig.tar.gz"],
	sha256="6a474ac46e8b0b32916c4c60df694c82058d3297d8b385b74508030ca4a8f28a") %}
