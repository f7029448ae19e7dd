{% extends "autoconf" %}
{% set version = "3.11" %}
{% set meta = {
	"description": "Searches text for lines that match",
	"license": "GPL-3.0-or-later",
	"homepage": "https://www.gnu.org/software/grep/",
} %}
{% set source = src(["https://ftp.gnu.org/gnu/grep/grep-3.11.tar.xz", "deb-src:trixie/grep/grep_3.11.orig.tar.xz"],
	sha256="1db2aedde89d0dea42b16d9528f894c8d15dae4e190b59aecc78f5a951276eab") %}
{% set flags = ["--disable-perl-regexp"] %}
