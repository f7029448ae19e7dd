{% extends "autoconf" %}
{% set version = "2.3.2" %}
{% set meta = {
	"description": "Access control lists: library and tools",
	"license": "LGPL-2.1-or-later AND GPL-2.0-or-later",
	"homepage": "https://savannah.nongnu.org/projects/acl/",
} %}
{% set source = src(["https://download.savannah.gnu.org/releases/acl/acl-2.3.2.tar.xz", "deb-src:trixie/acl/acl_2.3.2.orig.tar.xz"],
	sha256="97203a72cae99ab89a067fe2210c1cbf052bc492b479eca7d226d9830883b0bd") %}
{% do dep("attr") %}
