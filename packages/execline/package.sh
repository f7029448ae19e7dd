{% extends "skarnet" %}
{% set version = "2.9.7.0" %}
{% set meta = {
	"description": "Script language without a shell",
	"license": "ISC",
	"homepage": "https://skarnet.org/software/execline/",
	"update": {"url": "https://skarnet.org/software/execline/", "pattern": "execline-([0-9.]+)\\.tar\\.gz"},
} %}
{% set source = src("https://skarnet.org/software/execline/execline-2.9.7.0.tar.gz",
	sha256="73c9160efc994078d8ea5480f9161bfd1b3cf0b61f7faab704ab1898517d0207") %}
{% do dep("skalibs") %}
{% set flags = ["--enable-multicall"] %}
