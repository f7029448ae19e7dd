{% extends "autoconf" %}
{% set version = "3.1.0" %}
{% set meta = {
	"description": "Tools and library for control groups",
	"license": "LGPL-2.1-only",
	"homepage": "https://github.com/libcgroup/libcgroup",
	"update": {"url": "https://github.com/libcgroup/libcgroup/releases", "pattern": "libcgroup-([0-9.]+)\\.tar\\.gz"},
	"verified": false, "reason": "it needs musl-fts, whose sources nobody here could reach",
} %}
{% set source = src(["https://github.com/libcgroup/libcgroup/releases/download/v3.1.0/libcgroup-3.1.0.tar.gz", "deb-src:trixie/libcgroup/libcgroup_3.1.0.orig.tar.gz"],
	sha256="976ec4b1e03c0498308cfd28f1b256b40858f636abc8d1f9db24f0a7ea9e1258") %}
{% do dep("musl-fts") %}
{% set flags = ["--disable-pam --disable-systemd --disable-daemon --disable-python --disable-tests --disable-samples LIBS=-lfts"] %}
