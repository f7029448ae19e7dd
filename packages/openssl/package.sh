{% extends "make" %}
{% set version = "3.5.7" %}
{% set meta = {
	"description": "TLS and cryptography: library and tool",
	"license": "Apache-2.0",
	"homepage": "https://www.openssl.org/",
	"update": {"url": "https://github.com/openssl/openssl/releases", "pattern": "openssl-(3\\.5\\.[0-9]+)\\.tar\\.gz"},
} %}
{% set source = src(["https://github.com/openssl/openssl/releases/download/openssl-3.5.7/openssl-3.5.7.tar.gz", "deb-src:trixie/openssl/openssl_3.5.7.orig.tar.gz"],
	sha256="a8c0d28a529ca480f9f36cf5792e2cd21984552a3c8e4aa11a24aa31aeac98e8") %}
{% do tool("perl") %}
{% set install_flags = [] %}
{% set install_targets = ["install_sw"] %}
{%# Its configuration and what it trusts are the environment's. musl has no makecontext for `async`. #%}
{% block configure %}
	perl Configure linux-x86_64 --prefix="$out" --libdir=lib --openssldir=/versions/current/etc/ssl \
		no-shared no-module no-tests no-docs no-afalgeng no-async -static $CPPFLAGS $CFLAGS $LDFLAGS
{% endblock %}
{% block post_install %}
	mkdir -p "$out/etc/ssl"
	cp apps/openssl.cnf "$out/etc/ssl/"
{% endblock %}
