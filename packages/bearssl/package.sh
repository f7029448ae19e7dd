{% extends "make" %}
{% set version = "0.6" %}
{% set meta = {
	"description": "TLS library, small",
	"license": "MIT",
	"homepage": "https://bearssl.org/",
	"update": {"url": "https://bearssl.org/", "pattern": "bearssl-([0-9.]+)\\.tar\\.gz"},
} %}
{% if sources == "debian" %}
{% set source = src("deb-src:trixie/bearssl/bearssl_0.6+dfsg.1.orig.tar.xz", name="bearssl-0.6.tar.xz",
	sha256="102a625bd8f6155260867a50c508df8d8c3f796985dd744df1a68e5cd1a79004") %}
{% else %}
{% set source = src("https://bearssl.org/bearssl-0.6.tar.gz",
	sha256="6705bba1714961b41a728dfc5debbe348d2966c117649392f8c8139efc83ff14") %}
{% endif %}
{% set make_flags = ["CC=\"$CC\" LD=\"$CC\" LDFLAGS=\"$LDFLAGS\" CFLAGS=\"$CFLAGS\" DLL=no TESTS=no"] %}
{% block install %}
	mkdir -p "$out/bin" "$out/include" "$out/lib"
	cp build/brssl "$out/bin/"
	cp inc/*.h "$out/include/"
	cp build/libbearssl.a "$out/lib/"
{% endblock %}
