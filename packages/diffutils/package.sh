{% extends "autoconf" %}
{% set version = "3.10" %}
{% set meta = {
	"description": "Compares files",
	"license": "GPL-3.0-or-later",
	"homepage": "https://www.gnu.org/software/diffutils/",
} %}
{% set source = src(["https://ftp.gnu.org/gnu/diffutils/diffutils-3.10.tar.xz", "deb-src:trixie/diffutils/diffutils_3.10.orig.tar.xz"],
	sha256="90e5e93cc724e4ebe12ede80df1634063c7a855692685919bfe60b556c9bd09e") %}
