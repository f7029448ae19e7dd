{% extends "autoconf" %}
{% set version = "3.1.0" %}
{% set meta = {
	"description": "Tools and library for control groups",
	"license": "LGPL-2.1-only",
	"homepage": "https://github.com/libcgroup/libcgroup",
	"update": {"url": "https://github.com/libcgroup/libcgroup/releases", "pattern": "libcgroup-([0-9.]+)\\.tar\\.gz"},
} %}
{% set source = src(["https://github.com/libcgroup/libcgroup/releases/download/v3.1.0/libcgroup-3.1.0.tar.gz", "deb-src:trixie/libcgroup/libcgroup_3.1.0.orig.tar.gz"],
	sha256="976ec4b1e03c0498308cfd28f1b256b40858f636abc8d1f9db24f0a7ea9e1258") %}
{% do tool("bison") %}
{% do tool("flex") %}
{% do dep("libfts") %}
{% set flags = ["--disable-pam --disable-systemd --disable-daemon --disable-python --disable-tests --disable-samples"] %}
{% block pre_install %}
	# An install has no program that becomes root.
	sed -i '/chmod u+s/d' src/tools/Makefile
{% endblock %}
