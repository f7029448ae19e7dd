{% extends "skarnet" %}
{% set version = "2.4.1.0" %}
{% set meta = {
	"description": "DNS clients and libraries",
	"license": "ISC",
	"homepage": "https://skarnet.org/software/s6-dns/",
	"verified": false, "reason": "nobody here could reach the only place that has its sources",
} %}
{% set source = src("https://skarnet.org/software/s6-dns/s6-dns-2.4.1.0.tar.gz",
	sha256="b6308519f109a67469c4aaafa9df1f009ad0961fa798ffc38f895587e6935729") %}
{% do dep("skalibs") %}
