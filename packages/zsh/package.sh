{% extends "autoconf" %}
{% set version = "5.9" %}
{% set meta = {
	"description": "Shell for people: completion, line editing, globbing",
	"license": "MIT-Modern-Variant",
	"homepage": "https://www.zsh.org/",
} %}
{% set source = src(["https://www.zsh.org/pub/zsh-5.9.tar.xz", "deb-src:trixie/zsh/zsh_5.9.orig.tar.xz"],
	sha256="9b8d1ecedd5b5e81fbf1918e876752a7dd948e05c1a0dba10ab863842d45acd5") %}
{% do dep("ncurses") %}
{%# Its configure was written before C99, and takes what a compiler of today refuses for a feature that is missing. #%}
{% set cflags = ["-fpermissive"] %}
{%# Start-up files, and completions that other packages bring, are looked for in the environment that zsh runs in. #%}
{% set flags = ["--disable-dynamic --enable-multibyte --with-term-lib=ncursesw --with-tcsetpgrp --disable-gdbm",
	"--enable-etcdir=/versions/current/etc --enable-site-fndir=/versions/current/share/zsh/site-functions"] %}
{% set make_flags = ["fixed_sitefndir="] %}
{% set install_targets = ["sitefndir=no install.bin install.modules install.fns"] %}
{% block pre_configure %}
	# A static zsh leaves modules out that may only be dynamic. All but `example` and `newuser` are of use.
	sed -i 's/dynamic/either/' Src/Modules/[!en]*.mdd Src/Modules/nearcolor.mdd
{% endblock %}
