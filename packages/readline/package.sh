{% extends "autoconf" %}
{% set version = "8.2" %}
{% set meta = {
	"description": "Line editing library",
	"license": "GPL-3.0-or-later",
	"homepage": "https://tiswww.case.edu/php/chet/readline/rltop.html",
} %}
{% set source = src(["https://ftp.gnu.org/gnu/readline/readline-8.2.tar.gz", "deb-src:trixie/readline/readline_8.2.orig.tar.gz"],
	sha256="3feb7171f16a84ee82ca18a36d7b9be109a52c04f492a053331d7d1095007c35") %}
{% do dep("ncurses") %}
{% set flags = ["--with-curses bash_cv_wcwidth_broken=no"] %}
