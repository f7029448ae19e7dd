{% extends "autoconf" %}
{% set version = "1.3" %}
{% set meta = {
	"description": "argp, glibc's reader of command lines, for other C libraries",
	"license": "LGPL-2.0-or-later",
	"homepage": "https://www.lysator.liu.se/~nisse/misc/",
	"verified": false, "reason": "nobody here could reach the only place that has its sources",
} %}
{% set source = src("https://www.lysator.liu.se/~nisse/misc/argp-standalone-1.3.tar.gz",
	sha256="dec79694da1319acd2238ce95df57f3680fea2482096e483323fddf3d818d8be") %}
{%# Its inline functions are meant as gcc had them before C99; declarations are from before C99, too. #%}
{% set cflags = ["-std=gnu89 -fgnu89-inline"] %}
{% block install %}
	mkdir -p "$out/include" "$out/lib"
	cp argp.h "$out/include/"
	cp libargp.a "$out/lib/"
{% endblock %}
