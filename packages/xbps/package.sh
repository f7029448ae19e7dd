{% extends "make" %}
{% set version = "0.60.7" %}
{% set meta = {
	"description": "Package manager of Void Linux",
	"license": "BSD-2-Clause",
	"homepage": "https://github.com/void-linux/xbps",
	"update": {"url": "https://github.com/void-linux/xbps/tags", "pattern": "([0-9]+\\.[0-9.]+)\\.tar\\.gz"},
	"verified": false, "reason": "nobody here could reach the only place that has its sources",
} %}
{% set source = src("https://github.com/void-linux/xbps/archive/refs/tags/0.60.7.tar.gz", name="xbps-0.60.7.tar.gz",
	sha256="ec8c2e4d595863b5748c10d9ada1d51ac1da6f910a9d31682acd1a477310c64e") %}
{% do tool("pkgconf") %}
{% do dep("libarchive") %}
{% do dep("openssl") %}
{% set make_flags = ["CC=\"$CC\" CFLAGS=\"$CFLAGS $CPPFLAGS\" LDFLAGS=\"$LDFLAGS -no-pie\""] %}
{% set install_flags = [] %}
{%# With the vendor in its triple: without it a branch with _FILE_OFFSET_BITS is missed. #%}
{% block configure %}
	./configure --prefix="$out" --sysconfdir=/etc --dbdir=/var/db/xbps --enable-static \
		--build=x86_64-unknown-linux-musl --host=x86_64-unknown-linux-musl
	sed -i 's/-Werror//g' config.mk
{% endblock %}
{% block post_install %}
	# The static programs stand beside dynamic ones.
	for program in "$out/bin/"*.static; do mv "$program" "${program%.static}"; done
	rm -f "$out"/lib/*.so*
{% endblock %}
