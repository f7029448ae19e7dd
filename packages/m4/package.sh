{% extends "autoconf" %}
{% set version = "1.4.19" %}
{% set meta = {
	"description": "Macro processor",
	"license": "GPL-3.0-or-later",
	"homepage": "https://www.gnu.org/software/m4/",
} %}
{% set source = src(["https://ftp.gnu.org/gnu/m4/m4-1.4.19.tar.xz", "deb-src:trixie/m4/m4_1.4.19.orig.tar.xz"], sha256="63aede5c6d33b6d9b13511cd0be2cac046f2e70fd0a07aa9573a04a82783af96") %}
