{% extends "autoconf" %}
{% set version = "1.3.4-20250131" %}
{% set meta = {
	"description": "Pattern scanning language, fast",
	"license": "GPL-2.0-only",
	"homepage": "https://invisible-island.net/mawk/",
} %}
{% set source = src(["https://invisible-mirror.net/archives/mawk/mawk-1.3.4-20250131.tgz", "deb-src:trixie/mawk/mawk_1.3.4.20250131.orig.tar.gz"],
	sha256="51bcb82d577b141d896d9d9c3077d7aaa209490132e9f2b9573ba8511b3835be") %}
