{% extends "make" %}
{% set version = "1.10.0" %}
{% set meta = {
	"description": "Compression tool and library (LZ4)",
	"license": "BSD-2-Clause AND GPL-2.0-or-later",
	"homepage": "https://lz4.org/",
	"update": {"url": "https://github.com/lz4/lz4/releases", "pattern": "lz4-([0-9.]+)\\.tar\\.gz"},
} %}
{% set source = src(["https://github.com/lz4/lz4/releases/download/v1.10.0/lz4-1.10.0.tar.gz", "deb-src:trixie/lz4/lz4_1.10.0.orig.tar.gz"],
	sha256="537512904744b35e232912055ccf8ec66d768639ff3abe5788d90d792ec5f48b") %}
{% set make_flags = ["BUILD_SHARED=no"] %}
