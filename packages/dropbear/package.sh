{% extends "autoconf" %}
{% set version = "2025.89" %}
{% set meta = {
	"description": "SSH server and client, small",
	"license": "MIT",
	"homepage": "https://matt.ucc.asn.au/dropbear/dropbear.html",
} %}
{% set source = src(["https://matt.ucc.asn.au/dropbear/releases/dropbear-2025.89.tar.bz2", "deb-src:trixie/dropbear/dropbear_2025.89.orig.tar.bz2"],
	sha256="0d1f7ca711cfc336dc8a85e672cab9cfd8223a02fe2da0a4a7aeb58c9e113634") %}
{% do dep("zlib") %}
{% set make_flags = ["PROGRAMS=\"dropbear dbclient dropbearkey dropbearconvert scp\" MULTI=1"] %}
