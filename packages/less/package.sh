{% extends "autoconf" %}
{% set version = "668" %}
{% set meta = {
	"description": "Shows text page by page",
	"license": "GPL-3.0-or-later OR BSD-2-Clause",
	"homepage": "https://www.greenwoodsoftware.com/less/",
} %}
{% set source = src(["https://www.greenwoodsoftware.com/less/less-668.tar.gz", "deb-src:trixie/less/less_668.orig.tar.gz"],
	sha256="2819f55564d86d542abbecafd82ff61e819a3eec967faa36cd3e68f1596a44b8") %}
{% do dep("ncurses") %}
