{% extends "autoconf" %}
{% set version = "4.4.1" %}
{% set meta = {
	"description": "Makes files out of files by rules",
	"license": "GPL-3.0-or-later",
	"homepage": "https://www.gnu.org/software/make/",
	"update": {"url": "https://ftp.gnu.org/gnu/make/", "pattern": "make-([0-9.]+)\\.tar\\.gz"},
} %}
{%# Every strict build has it, so its own build has the host's. #%}
{% set sandbox = "host" %}
{% if sources == "debian" %}
{% set source = src("deb-src:trixie/make-dfsg/make-dfsg_4.4.1.orig.tar.xz", name="make-4.4.1.tar.xz",
	sha256="3b16b00ea1079af9f8096bbc71ff7cc00c249fc6a862003da3c42308a0adb0fe") %}
{% else %}
{% set source = src("https://ftp.gnu.org/gnu/make/make-4.4.1.tar.gz",
	sha256="dd16fb1d67bfab79a72f5e8390735c49e3e8e70b4945a15ab1f81ddb78658fb3") %}
{% endif %}
{% set flags = ["--without-guile"] %}
{%# The archive's tarball has no manual. #%}
{% set make_flags = ["man_MANS="] if sources == "debian" else [] %}
{% block pre_configure %}
{% if sources == "debian" %}
	mkdir doc
	printf 'all install install-strip:\n' >doc/Makefile.in
{% endif %}
{% endblock %}
