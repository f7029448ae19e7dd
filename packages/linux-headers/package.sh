{% extends "base" %}
{%# What programs know of the kernel. Taken once, so that no other build unpacks a kernel for it. #%}
{% set version = "6.12.107" if sources == "debian" else "6.12.112" %}
{% set meta = {
	"description": "Header files of the Linux kernel for programs",
	"license": "GPL-2.0-only WITH Linux-syscall-note",
	"homepage": "https://www.kernel.org/",
	"update": {"url": "https://cdn.kernel.org/pub/linux/kernel/v6.x/", "pattern": "linux-(6\\.12\\.[0-9]+)\\.tar\\.xz"},
} %}
{% set sandbox = "host" %}
{% if sources == "debian" %}
{% set source = src("deb-src:trixie/linux/linux_6.12.107.orig.tar.xz", name="linux-6.12.107.tar.xz",
	sha256="efc76d3c78a5d65f42724118c437d11db1c9f6309a5f024ee9a8b1978fdc6919") %}
{% else %}
{% set source = src("https://cdn.kernel.org/pub/linux/kernel/v6.x/linux-6.12.112.tar.xz",
	sha256="164dc9d1f6c93c61a15e1f071c48379b467f2b17c469cce7223471968208ed03") %}
{% endif %}
{% block compiler %}{% endblock %}
{% set _arch = option("arch", default="x86", doc="the architecture, by the kernel's name for it") %}
{% block build %}
	make ARCH={{ _arch | sh }} HOSTCC=gcc O="$tmp/headers" headers
{% endblock %}
{%# `make headers_install` wants rsync. #%}
{% block install %}
	mkdir -p "$out"
	cp -R "$tmp/headers/usr/include" "$out/"
	find "$out/include" -type f ! -name '*.h' -exec rm {} +
{% endblock %}
