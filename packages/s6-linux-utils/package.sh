{% extends "skarnet" %}
{% set version = "2.6.3.0" %}
{% set meta = {
	"description": "Small programs that only Linux has",
	"license": "ISC",
	"homepage": "https://skarnet.org/software/s6-linux-utils/",
	"verified": false, "reason": "nobody here could reach the only place that has its sources",
} %}
{% set source = src("https://skarnet.org/software/s6-linux-utils/s6-linux-utils-2.6.3.0.tar.gz",
	sha256="7e249c36c73b99ebfc1f9a9a4c318be76b461ebc53d3952de9064ccfab400739") %}
{% do dep("skalibs") %}
{% set flags = ["--enable-multicall"] %}
