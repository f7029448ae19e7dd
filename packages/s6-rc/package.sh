{% extends "skarnet" %}
{% set version = "0.5.6.0" %}
{% set meta = {
	"description": "Service manager over s6",
	"license": "ISC",
	"homepage": "https://skarnet.org/software/s6-rc/",
	"verified": false, "reason": "nobody here could reach the only place that has its sources",
} %}
{% set source = src("https://skarnet.org/software/s6-rc/s6-rc-0.5.6.0.tar.gz",
	sha256="81277f6805e8d999ad295bf9140a909943b687ffcfb5aa3c4efd84b1a574586e") %}
{% do dep("skalibs") %}
{% do dep("execline") %}
{% do dep("s6") %}
