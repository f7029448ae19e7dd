{% extends "autoconf" %}
{% set version = "1.8.1" %}
{% set meta = {
	"description": "Tells compiler flags of libraries (pkg-config)",
	"license": "ISC",
	"homepage": "http://pkgconf.org/",
} %}
{% set source = src(["https://distfiles.ariadne.space/pkgconf/pkgconf-1.8.1.tar.xz", "deb-src:trixie/pkgconf/pkgconf_1.8.1.orig.tar.xz"],
	sha256="644361ada2942be05655d4452eb018791647c31bba429b287f1f68deb2dc6840") %}
{%# What it tells of is in the environment that it runs in; a program with its library inside does not refer to it. #%}
{% set flags = ["--with-system-libdir=/lib --with-system-includedir=/include",
	"--with-pkg-config-dir=/versions/current/lib/pkgconfig:/versions/current/share/pkgconfig",
	"--with-personality-dir=/versions/current/share/pkgconfig/personality.d"] %}
{% block post_install %}
	ln -s pkgconf "$out/bin/pkg-config"
{% endblock %}
