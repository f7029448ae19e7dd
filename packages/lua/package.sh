{% extends "make" %}
{% set version = "5.4.7" %}
{% set meta = {
	"description": "Programming language, to be embedded",
	"license": "MIT",
	"homepage": "https://www.lua.org/",
	"update": {"url": "https://www.lua.org/ftp/", "pattern": "lua-(5\\.4\\.[0-9]+)\\.tar\\.gz"},
} %}
{% set source = src(["https://www.lua.org/ftp/lua-5.4.7.tar.gz", "deb-src:trixie/lua5.4/lua5.4_5.4.7.orig.tar.gz"],
	sha256="9fbf5e28ef86c69858f6d3d34eccc32e911c1a28b4120ff3e84aaa70cfbf1e30") %}
{% set make_flags = ["CC=\"$CC\" MYCFLAGS=\"$CFLAGS\" MYLDFLAGS=\"$LDFLAGS\""] %}
{% set build_targets = ["linux"] %}
{% set install_flags = ["INSTALL_TOP=\"$out\" INSTALL_MAN=\"$out/share/man/man1\""] %}
