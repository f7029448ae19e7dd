{% extends "base" %}
{%# For packages that are built by meson; it needs no Python, and brings a ninja (`muon samu`) and pkg-config. #%}
{% set version = "0.4.0" %}
{% set meta = {
	"description": "Build system that reads meson's language",
	"license": "GPL-3.0-only",
	"homepage": "https://muon.build/",
	"update": {"url": "https://git.sr.ht/~lattis/muon/refs", "pattern": "refs/([0-9.]+)\""},
} %}
{% set source = src(["https://git.sr.ht/~lattis/muon/archive/0.4.0.tar.gz", "deb-src:trixie/muon-meson/muon-meson_0.4.0.orig.tar.gz"],
	name="muon-0.4.0.tar.gz", sha256="9121f2521fb5037a87a922573b7fd886f0c4e7eb17696dd80901d810b9b56609") %}
{% do patch("install.patch") %}
{% do tool("pkgconf") %}
{% do dep("pkgconf") %}
{%# The first stage reads the description of the second, which has its own library of that language inside. #%}
{% block build %}
	sh bootstrap.sh stage
	./stage/muon-bootstrap setup -Dlibcurl=disabled -Dlibarchive=disabled -Ddocs=disabled -Dtracy=disabled -Dstatic=true build
	./stage/muon-bootstrap -C build samu
{% endblock %}
{% block install %}
	mkdir -p "$out/bin"
	cp build/muon "$out/bin/"
{% endblock %}
