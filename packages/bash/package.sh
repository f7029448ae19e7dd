{% extends "autoconf" %}
{% set version = "5.2.37" %}
{% set meta = {
	"description": "Shell of the GNU system",
	"license": "GPL-3.0-or-later",
	"homepage": "https://www.gnu.org/software/bash/",
	"update": {"url": "https://ftp.gnu.org/gnu/bash/", "pattern": "bash-([0-9.]+)\\.tar\\.gz"},
} %}
{% if sources == "debian" %}
{% set source = src("deb-src:trixie/bash/bash_5.2.37.orig.tar.xz", name="bash-5.2.37.tar.xz",
	sha256="370704c9c859f4060b7df19055e43bb9b5fa09d887699cf6ba87885c5485d36a") %}
{% else %}
{% set source = src("https://ftp.gnu.org/gnu/bash/bash-5.2.37.tar.gz",
	sha256="9599b22ecd1d5787ad7d3b7bf0c59f312b3396d1e281175dd1f8a4014da621ff") %}
{% endif %}
{% do dep("ncurses") %}
{%# Checks that a compiler of today refuses to compile. #%}
{% set flags = ["--without-bash-malloc --with-curses bash_cv_sizeof_rlim_cur=8 bash_cv_sizeof_quad_t=8"] %}
