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
{%# Start-up files, and completions that other packages bring, are looked for in the environment that zsh runs in. #%}
{% set flags = [
	"--disable-dynamic --enable-multibyte --with-term-lib=ncursesw --with-tcsetpgrp --disable-gdbm",
	"--enable-etcdir=/versions/current/etc --enable-site-fndir=/versions/current/share/zsh/site-functions",
] %}
{% set make_flags = ["fixed_sitefndir="] %}
{% set install_targets = ["sitefndir=no install.bin install.modules install.fns"] %}
{% block pre_configure %}
	# Checks that a compiler of today refuses to compile answer no, and zsh would wait for its children with pause(),
	# which can miss their end. Mended upstream after 5.9. A younger configure would be made anew.
	sed -i -e 's/^ *main *()/int &/' -e 's/char \*\*test = /const char *const *test = /' configure
	touch -r configure.ac configure
	# A static zsh leaves modules out that may only be dynamic. All but `example` and `newuser` are of use.
	sed -i 's/dynamic/either/' Src/Modules/[!en]*.mdd Src/Modules/nearcolor.mdd
{% endblock %}
{% block post_configure %}
	grep -q 'undef BROKEN_POSIX_SIGSUSPEND' config.h
{% endblock %}
