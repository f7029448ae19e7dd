{% extends "meson" %}
{% set version = "34.2" %}
{% set meta = {
	"description": "Loads and lists modules of the Linux kernel: library and tools",
	"license": "LGPL-2.1-or-later AND GPL-2.0-or-later",
	"homepage": "https://github.com/kmod-project/kmod",
	"update": {"url": "https://www.kernel.org/pub/linux/utils/kernel/kmod/", "pattern": "kmod-([0-9.]+)\\.tar\\.xz"},
} %}
{% if sources == "debian" %}
{% set source = src("deb-src:trixie/kmod/kmod_34.2.orig.tar.xz", name="kmod-34.2.tar.xz",
	sha256="012d16e2099115486d8aa9f2c2a23d058d3d0cad83113a60512647d25d3869e8") %}
{% else %}
{% set source = src("https://www.kernel.org/pub/linux/utils/kernel/kmod/kmod-34.2.tar.xz",
	sha256="5a5d5073070cc7e0c7a7a3c6ec2a0e1780850c8b47b3e3892226b93ffcb9cb54") %}
{% endif %}
{% do patch("static.patch") %}
{% do dep("zlib") %}
{% do dep("xz") %}
{% do dep("zstd") %}
{% set flags = ["-Dsysconfdir=/etc -Dsbindir=bin -Ddistconfdir=/lib -Dopenssl=disabled -Dmanpages=false"] %}
