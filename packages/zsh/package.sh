{% extends "autoconf" %}
{% set version = "5.9" %}
{% set meta = {
	"description": "Shell for people: completion, line editing, globbing",
	"license": "MIT-Modern-Variant",
	"homepage": "https://www.zsh.org/",
	"update": {"url": "https://www.zsh.org/pub/", "pattern": "zsh-([0-9.]+)\\.tar\\.xz"},
} %}
{% set source = src(["https://www.zsh.org/pub/zsh-5.9.tar.xz", "deb-src:trixie/zsh/zsh_5.9.orig.tar.xz"],
	sha256="9b8d1ecedd5b5e81fbf1918e876752a7dd948e05c1a0dba10ab863842d45acd5") %}
{% do dep("ncurses") %}
{%# Start-up files, and completions that other packages bring, are looked for in the environment that zsh runs in. #%}
{% set flags = [
	"--disable-dynamic --enable-multibyte --with-term-lib=ncursesw --with-tcsetpgrp",
	"--disable-gdbm --disable-pcre --disable-cap",
	"--enable-fndir=\"$out/share/zsh/functions\" --enable-scriptdir=\"$out/share/zsh/scripts\"",
	"--enable-etcdir=/versions/current/etc --enable-site-fndir=/versions/current/share/zsh/site-functions",
] %}
{% set make_flags = ["fixed_sitefndir="] %}
{% set install_targets = ["sitefndir=no install.bin install.modules install.fns"] %}
{%# A static zsh leaves modules out that may only be dynamic. `deltochar` stays out: loaded before zle it crashes. #%}
{% block pre_configure %}
	# Checks that a compiler of today refuses to compile; mended upstream after 5.9. A younger configure would be made anew.
	sed -i 's/char \*\*test = /const char *const *test = /' configure
	touch -r configure.ac configure
	for module in attr clone curses files mapfile mathfunc nearcolor param_private regex socket stat system \
		tcp watch zftp zprof zpty zselect
	do
		sed -i 's/dynamic/either/' "Src/Modules/$module.mdd"
	done
{% endblock %}
{% block post_install %}
	modules="attr clone curses files mapfile mathfunc nearcolor param/private regex net/socket stat system net/tcp watch zftp
		zprof zpty zselect zle complete computil zutil terminfo datetime"
	"$out/bin/zsh" -fc 'for module; do zmodload "zsh/$module" || exit; done' zsh $modules
{% endblock %}
