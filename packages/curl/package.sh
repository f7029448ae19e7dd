{% extends "autoconf" %}
{% set version = "8.14.1" %}
{% set meta = {
	"description": "Transfers data by URL",
	"license": "curl",
	"homepage": "https://curl.se/",
} %}
{% set source = src(["https://curl.se/download/curl-8.14.1.tar.gz", "deb-src:trixie/curl/curl_8.14.1.orig.tar.gz"],
	sha256="6766ada7101d292b42b8b15681120acd68effa4a9660935853cf6d61f0d984d4") %}
{% do dep("zlib") %}
{% set _bearssl = dep("bearssl") %}
{%# What is trusted is the environment's choice: a package with certificates puts them there. #%}
{% set flags = [
	"--with-bearssl=" ~ _bearssl ~ " --with-ca-bundle=/versions/current/etc/ssl/cert.pem",
	"--disable-ldap --disable-manual --disable-docs --without-libpsl --without-brotli --without-zstd --without-nghttp2 --without-libidn2",
] %}
{%# Where the other libraries are is for their users to say: curl refers to nothing. #%}
{% block post_install %}
	rm "$out/bin/curl-config"
	sed -i 's: -L/versions/[^ ]*::g' "$out/lib/pkgconfig/libcurl.pc"
{% endblock %}
