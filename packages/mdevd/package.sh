{% extends "skarnet" %}
{% set version = "0.1.7.0" %}
{% set meta = {
	"description": "Device manager",
	"license": "ISC",
	"homepage": "https://skarnet.org/software/mdevd/",
	"verified": false, "reason": "nobody here could reach the only place that has its sources",
} %}
{% set source = src("https://skarnet.org/software/mdevd/mdevd-0.1.7.0.tar.gz",
	sha256="ec966eec39879f33c785343373021c44f887c836a08fcaf1d63412e3bdbfca32") %}
{% do dep("skalibs") %}
