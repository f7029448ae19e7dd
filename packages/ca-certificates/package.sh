{% extends "base" %}
{% set version = "20250419" %}
{% set meta = {
	"description": "Certificates of the authorities that Mozilla trusts",
	"license": "MPL-2.0",
	"homepage": "https://wiki.mozilla.org/CA",
} %}
{% set source = src("deb-src:trixie/ca-certificates/ca-certificates_20250419.tar.xz",
	sha256="33b44ef78653ecd3f0f2f13e5bba6be466be2e7da72182f737912b81798ba5d2") %}
{% block compiler %}{% endblock %}
{% block build %}
	cat >bundle.awk {{ file("bundle.awk") | heredoc }}
	awk -f bundle.awk mozilla/certdata.txt >cert.pem
{% endblock %}
{% block check %}
	# awk goes on after many a mistake.
	test "$(grep -c '^-----BEGIN CERTIFICATE-----$' cert.pem)" -gt 100
{% endblock %}
{% block install %}
	mkdir -p "$out/etc/ssl/certs"
	cp cert.pem "$out/etc/ssl/"
	ln -s ../cert.pem "$out/etc/ssl/certs/ca-certificates.crt"
{% endblock %}
