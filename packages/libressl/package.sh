{% extends "autoconf" %}
{% set version = "4.2.1" %}
{% set meta = {
	"description": "TLS and cryptography: library, libtls and tool, by the OpenBSD project",
	"license": "OpenSSL AND SSLeay-standalone AND ISC",
	"homepage": "https://www.libressl.org/",
	"verified": false, "reason": "nobody here could reach the only place that has its sources",
} %}
{% set source = src("https://ftp.openbsd.org/pub/OpenBSD/LibreSSL/libressl-4.2.1.tar.gz",
	sha256="6d5c2f58583588ea791f4c8645004071d00dfa554a5bf788a006ca1eb5abd70b") %}
{%# What is trusted is the environment's choice. #%}
{% set flags = ["--disable-tests --with-openssldir=/versions/current/etc/ssl"] %}
