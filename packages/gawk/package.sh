{% extends "autoconf" %}
{% set version = "5.2.1" %}
{% set meta = {
	"description": "Pattern scanning language",
	"license": "GPL-3.0-or-later",
	"homepage": "https://www.gnu.org/software/gawk/",
	"update": {"url": "https://ftp.gnu.org/gnu/gawk/", "pattern": "gawk-([0-9.]+)\\.tar\\.xz"},
} %}
{% if sources == "debian" %}
{% set source = src("deb-src:trixie/gawk/gawk_5.2.1.orig.tar.xz", name="gawk-5.2.1.tar.xz",
	sha256="2337a0283b180ec1b9c727973a34781c6478b3ae9bcbdcca0a4dc49861d75a65") %}
{% else %}
{% set source = src("https://ftp.gnu.org/gnu/gawk/gawk-5.2.1.tar.xz",
	sha256="673553b91f9e18cc5792ed51075df8d510c9040f550a6f74e09c9add243a7e4f") %}
{% endif %}
{% set flags = ["--disable-extensions --disable-mpfr --disable-pma"] %}
{% block pre_configure %}
{% if sources == "debian" %}
	# The archive's tarball has no manual, and the library in awklib is taken out of the manual.
	mkdir -p doc
	printf 'all install check install-strip clean:\n' | tee doc/Makefile.in >awklib/Makefile.in
{% endif %}
{% endblock %}
