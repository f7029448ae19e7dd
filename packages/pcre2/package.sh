{% extends "autoconf" %}
{% set version = "10.46" %}
{% set meta = {
	"description": "Regular expressions in the manner of Perl",
	"license": "BSD-3-Clause",
	"homepage": "https://www.pcre.org/",
	"update": {"url": "https://github.com/PCRE2Project/pcre2/releases", "pattern": "pcre2-([0-9.]+)\\.tar\\.gz"},
	"silence": {"build": "the manual has an example with a directory of that name"},
} %}
{% set source = src(["https://github.com/PCRE2Project/pcre2/releases/download/pcre2-10.46/pcre2-10.46.tar.gz", "deb-src:trixie/pcre2/pcre2_10.46.orig.tar.gz"],
	sha256="8d28d7f2c3b970c3a4bf3776bcbb5adfc923183ce74bc8df1ebaad8c1985bd07") %}
