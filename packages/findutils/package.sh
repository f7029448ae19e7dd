{% extends "autoconf" %}
{% set version = "4.10.0" %}
{% set meta = {
	"description": "find, xargs and locate",
	"license": "GPL-3.0-or-later",
	"homepage": "https://www.gnu.org/software/findutils/",
} %}
{% set source = src(["https://ftp.gnu.org/gnu/findutils/findutils-4.10.0.tar.xz", "deb-src:trixie/findutils/findutils_4.10.0.orig.tar.xz"],
	sha256="1387e0b67ff247d2abde998f90dfbf70c1491391a59ddfecb8ae698789f0a4f5") %}
{%# `updatedb` takes sort from its PATH; an install cannot hold its database. #%}
{% set flags = ["--without-selinux ac_cv_path_SORT=sort --localstatedir=/var/cache/locate"] %}
{% set install_targets = ["install localstatedir=\"$tmp/var\""] %}
