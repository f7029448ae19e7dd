{% extends "skarnet" %}
{%# The archive's version is the last one for which the archive's skalibs is nearly young enough. #%}
{% set version = "2.9.6.1" if sources == "debian" else "2.9.7.0" %}
{% set meta = {
	"description": "Script language without a shell",
	"license": "ISC",
	"homepage": "https://skarnet.org/software/execline/",
	"update": {"url": "https://skarnet.org/software/execline/", "pattern": "execline-([0-9.]+)\\.tar\\.gz"},
} %}
{% if sources == "debian" %}
{% set source = src(["https://github.com/skarnet/execline/archive/refs/tags/v2.9.6.1.tar.gz", "deb-src:trixie/execline/execline_2.9.6.1.orig.tar.gz"],
	name="execline-2.9.6.1.tar.gz", sha256="e718d73a0fa667f270763776a58213a027cb85dd5db9ad8331fa62b123911b29") %}
{% do patch("older-skalibs.patch") %}
{% else %}
{% set source = src("https://skarnet.org/software/execline/execline-2.9.7.0.tar.gz", sha256="73c9160efc994078d8ea5480f9161bfd1b3cf0b61f7faab704ab1898517d0207") %}
{% endif %}
{% do dep("skalibs") %}
{% set flags = ["--enable-multicall"] %}
