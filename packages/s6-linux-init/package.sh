{% extends "skarnet" %}
{% set version = "1.1.3.0" %}
{% set meta = {
	"description": "Makes a Linux boot with s6",
	"license": "ISC",
	"homepage": "https://skarnet.org/software/s6-linux-init/",
	"verified": false, "reason": "nobody here could reach the only place that has its sources",
} %}
{% set source = src("https://skarnet.org/software/s6-linux-init/s6-linux-init-1.1.3.0.tar.gz",
	sha256="d11b596b719ac134f77eb19450907d1fe6d84b4adc36d44ef748dbe55487b3ed") %}
{% do dep("skalibs") %}
{% do dep("execline") %}
{% do dep("s6") %}
{% set flags = ["--skeldir=\"$out/etc/s6-linux-init/skel\""] %}
