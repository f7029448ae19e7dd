{% extends "autoconf" %}
{% set version = "1.35" %}
{% set meta = {
	"description": "Archives of files",
	"license": "GPL-3.0-or-later",
	"homepage": "https://www.gnu.org/software/tar/",
	"update": {"url": "https://ftp.gnu.org/gnu/tar/", "pattern": "tar-([0-9.]+)\\.tar\\.xz"},
} %}
{% if sources == "debian" %}
{% set source = src("deb-src:trixie/tar/tar_1.35+dfsg.orig.tar.xz", name="tar-1.35.tar.xz",
	sha256="9ae57e981c1e73c0eebc2b26c9b0c4497fe310ef1d516ea430efb5470b71f7a8") %}
{% else %}
{% set source = src("https://ftp.gnu.org/gnu/tar/tar-1.35.tar.xz",
	sha256="4d62ff37342ec7aed748535323930c7cf94acf71c3591882b26a7ea50f3edc16") %}
{% endif %}
{% set flags = ["--without-selinux --without-posix-acls --without-xattrs"] %}
{% block pre_configure %}
{% if sources == "debian" %}
	# The archive's tarball has no manual.
	mkdir -p doc
	printf 'all install check install-strip clean:\n' >doc/Makefile.in
{% endif %}
{% endblock %}
