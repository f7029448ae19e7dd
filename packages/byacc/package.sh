{% extends "autoconf" %}
{% set version = "20241231" %}
{% set meta = {
	"description": "Makes parsers",
	"license": "LicenseRef-public-domain",
	"homepage": "https://invisible-island.net/byacc/",
} %}
{% set source = src(["https://invisible-island.net/archives/byacc/byacc-20241231.tgz", "deb-src:trixie/byacc/byacc_2.0.20241231.orig.tar.gz"],
	sha256="192c2fae048d4e7f514ba451627f9c4e612765099f819c19191f9fde3e609673") %}
