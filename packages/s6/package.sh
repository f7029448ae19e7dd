{% extends "skarnet" %}
{% set version = "2.13.2.0" %}
{% set meta = {
	"description": "Process supervision",
	"license": "ISC",
	"homepage": "https://skarnet.org/software/s6/",
	"verified": false, "reason": "nobody here could reach the only place that has its sources",
} %}
{% set source = src("https://skarnet.org/software/s6/s6-2.13.2.0.tar.gz",
	sha256="c5114b8042716bb70691406931acb0e2796d83b41cbfb5c8068dce7a02f99a45") %}
{% do dep("skalibs") %}
{% do dep("execline") %}
