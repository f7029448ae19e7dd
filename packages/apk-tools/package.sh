{% extends "meson" %}
{% set version = "3.0.5" %}
{% set meta = {
	"description": "Package manager of Alpine Linux",
	"license": "GPL-2.0-only",
	"homepage": "https://gitlab.alpinelinux.org/alpine/apk-tools",
	"update": {"url": "https://github.com/alpinelinux/apk-tools/tags", "pattern": "v(3\\.[0-9.]+)\\.tar\\.gz"},
	"verified": false, "reason": "nobody here could reach the only place that has its sources",
} %}
{% set source = src("https://github.com/alpinelinux/apk-tools/archive/refs/tags/v3.0.5.tar.gz", name="apk-tools-3.0.5.tar.gz",
	sha256="8795712ce02457d29c0beb18f82851b408d1d47f98a0cbbbd33ab5ea496f665d") %}
{% do dep("openssl") %}
{% do dep("zlib") %}
{% set flags = ["-Ddocs=disabled -Dhelp=disabled -Dlua=disabled -Dpython=disabled -Dtests=disabled -Dzstd=disabled"] %}
{% set build_targets = ["src/apk"] %}
{% block install %}
	mkdir -p "$out/bin"
	cp "$tmp/build/src/apk" "$out/bin/"
{% endblock %}
