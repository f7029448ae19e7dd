{% extends "skarnet" %}
{% set version = "2.3.1.0" %}
{% set meta = {
	"description": "Small Unix programs",
	"license": "ISC",
	"homepage": "https://skarnet.org/software/s6-portable-utils/",
	"verified": false, "reason": "nobody here could reach the only place that has its sources",
} %}
{% set source = src("https://skarnet.org/software/s6-portable-utils/s6-portable-utils-2.3.1.0.tar.gz",
	sha256="04244aa87ae2c412d4999769b5e73cb428afba0c2e8aa9215b3a36e7be2a80f9") %}
{% do dep("skalibs") %}
{% set flags = ["--enable-multicall"] %}
