{% extends "autoconf" %}
{% set version = "3.2.7" %}
{% set meta = {
	"description": "Copies files fast, near and far",
	"license": "GPL-3.0-or-later",
	"homepage": "https://rsync.samba.org/",
} %}
{% set source = src(["https://download.samba.org/pub/rsync/src/rsync-3.2.7.tar.gz", "deb-src:bookworm/rsync/rsync_3.2.7.orig.tar.gz"],
	sha256="4e7d9d3f6ed10878c58c5fb724a67dacf4b6aac7340b13e488fb2dc41346f2bb") %}
{% do dep("popt") %}
{% do dep("zlib") %}
{% do dep("zstd") %}
{% do dep("lz4") %}
{% do dep("acl") %}
{%# Its check for IPv6 is no program to a compiler of today. #%}
{% set flags = ["--enable-ipv6 --disable-openssl --disable-xxhash --disable-md2man --with-included-popt=no --with-included-zlib=no"] %}
{%# busybox's awk drops the backslashes of the help texts. #%}
{% do tool("mawk") %}
