{% extends "skarnet" %}
{% set version = "2.7.1.0" %}
{% set meta = {
	"description": "Network programs: TCP and TLS super-servers",
	"license": "ISC",
	"homepage": "https://skarnet.org/software/s6-networking/",
	"verified": false, "reason": "nobody here could reach the only place that has its sources",
} %}
{% set source = src("https://skarnet.org/software/s6-networking/s6-networking-2.7.1.0.tar.gz",
	sha256="a7b33497e72921a59d4c1fc67ce5cc74bd065e09105bf1a79f1fc73cf9a06592") %}
{% do dep("skalibs") %}
{% do dep("execline") %}
{% do dep("s6") %}
{% do dep("s6-dns") %}
{% do dep("bearssl") %}
{% set flags = ["--enable-ssl=bearssl"] %}
