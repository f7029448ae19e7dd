{% extends "autoconf" %}
{% set version = "4.9" %}
{% set meta = {
	"description": "Stream editor",
	"license": "GPL-3.0-or-later",
	"homepage": "https://www.gnu.org/software/sed/",
} %}
{% set source = src(["https://ftp.gnu.org/gnu/sed/sed-4.9.tar.xz", "deb-src:trixie/sed/sed_4.9.orig.tar.xz"],
	sha256="6e226b732e1cd739464ad6862bd1a1aba42d7982922da7a53519631d24975181") %}
{% set flags = ["--disable-acl --without-selinux"] %}
