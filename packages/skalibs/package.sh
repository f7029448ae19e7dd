{% extends "skarnet" %}
{%# The archive's version is one generation older than what the other packages of skarnet.org want. #%}
{% set version = "2.13.1.1" if sources == "debian" else "2.14.4.0" %}
{% set meta = {
	"description": "C library under the packages of skarnet.org",
	"license": "ISC",
	"homepage": "https://skarnet.org/software/skalibs/",
	"update": {"url": "https://skarnet.org/software/skalibs/", "pattern": "skalibs-([0-9.]+)\\.tar\\.gz"},
} %}
{% if sources == "debian" %}
{% set source = src(["https://github.com/skarnet/skalibs/archive/refs/tags/v2.13.1.1.tar.gz", "deb-src:bookworm/skalibs/skalibs_2.13.1.1.orig.tar.gz"],
	name="skalibs-2.13.1.1.tar.gz", sha256="e5821fa3378bf7c19d2a3f55570367236a896964d2166a97b5fd8e01b42940ab") %}
{% else %}
{% set source = src("https://skarnet.org/software/skalibs/skalibs-2.14.4.0.tar.gz",
	sha256="0e626261848cc920738f92fd50a24c14b21e30306dfed97b8435369f4bae00a5") %}
{% endif %}
{% set flags = ["--with-default-path=/versions/current/bin --sysdepdir=\"$out/lib/skalibs/sysdeps\""] %}
