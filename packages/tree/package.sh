{% extends "make" %}
{% set version = "2.1.0" %}
{% set meta = {
	"description": "Lists directories as trees",
	"license": "GPL-2.0-or-later",
	"homepage": "http://mama.indstate.edu/users/ice/tree/",
} %}
{% set source = src(["http://mama.indstate.edu/users/ice/tree/src/tree-2.1.0.tgz", "deb-src:bookworm/tree/tree_2.1.0.orig.tar.gz"],
	sha256="0160c535bff2b0dc6a830b9944e981e3427380f63e748da96ced7071faebabf6") %}
{% set make_flags = ["CC=\"$CC\"", "CFLAGS=\"$CFLAGS\"", "LDFLAGS=\"$LDFLAGS\""] %}
{% set install_flags = ["PREFIX=\"$out\"", "MANDIR=\"$out/share/man\""] %}
