{% extends "autoconf" %}
{% set version = "2.6.4" %}
{% set meta = {
	"description": "Makes scanners",
	"license": "BSD-3-Clause-flex",
	"homepage": "https://github.com/westes/flex",
	"update": {"url": "https://github.com/westes/flex/releases", "pattern": "flex-([0-9.]+)\\.tar\\.gz"},
} %}
{% set source = src(["https://github.com/westes/flex/releases/download/v2.6.4/flex-2.6.4.tar.gz", "deb-src:trixie/flex/flex_2.6.4.orig.tar.gz"],
	sha256="e87aae032bf07c26f85ac0ed3250998c37621d95f8bd748b31f15b33c45ee995") %}
{%# It runs m4 each time, by the path that it was told. #%}
{% set _m4 = needs("m4") %}
{% do tool("m4") %}
{% set cflags = ["-D_GNU_SOURCE"] %}
{% set flags = ["M4=" ~ _m4 ~ "/bin/m4"] %}
