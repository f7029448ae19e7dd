{% extends "autoconf" %}
{% set version = "1.18" %}
{% set meta = {
	"description": "Parses command lines",
	"license": "MIT",
	"homepage": "https://github.com/rpm-software-management/popt",
} %}
{% set source = src(["http://ftp.rpm.org/popt/releases/popt-1.x/popt-1.18.tar.gz", "deb-src:bullseye/popt/popt_1.18.orig.tar.gz"],
	sha256="5159bc03a20b28ce363aa96765f37df99ea4d8850b1ece17d1e6ad5c24fdc5d1") %}
{%# A program that uses this library looks for its aliases in its environment: it does not refer to this package. #%}
{% set flags = ["--sysconfdir=/versions/current/etc"] %}
