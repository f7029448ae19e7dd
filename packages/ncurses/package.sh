{% extends "autoconf" %}
{% set version = "6.4" %}
{% set meta = {
	"description": "Terminal handling library, and the terminal descriptions",
	"license": "X11-distribute-modifications-variant",
	"homepage": "https://invisible-island.net/ncurses/",
} %}
{% set source = src(["https://invisible-mirror.net/archives/ncurses/ncurses-6.4.tar.gz", "deb-src:bookworm/ncurses/ncurses_6.4.orig.tar.gz"],
	sha256="6931283d9ac87c5073f30b6290c4c75f21632bb4fc3603ac8100812bed248159") %}
{%# A program that uses this library looks for terminals in its environment, then on the machine: it does not refer to
    this package, which only brings descriptions. `ar` in its update mode would write times into archives. #%}
{% set flags = [
	"--enable-widec --enable-overwrite --enable-pc-files --with-pkg-config-libdir=\"$out/lib/pkgconfig\"",
	"--without-debug --without-cxx --without-cxx-binding --without-ada --without-tests --without-manpages",
	"--with-default-terminfo-dir=/versions/current/share/terminfo",
	"--with-terminfo-dirs=/versions/current/share/terminfo:/etc/terminfo:/lib/terminfo:/usr/share/terminfo",
	"cf_cv_ar_flags=-crD",
] %}
{% set install_targets = ["install ticdir=\"$out/share/terminfo\""] %}
{%# Programs run where /versions is not, too: descriptions of common terminals are compiled in, by the `tic` that was
    just built. #%}
{% block post_build %}
	rm ncurses/fallback.c
	make TIC_PATH="$PWD/progs/tic" INFOCMP_PATH="$PWD/progs/infocmp" \
		FALLBACK_LIST="linux xterm xterm-256color screen-256color tmux-256color vt100 dumb"
{% endblock %}
{% block post_install %}
	# It knows the compiler's place; ncursesw.pc tells the same.
	rm "$out/bin/ncursesw6-config"
	for name in ncurses curses tinfo termcap; do ln -s libncursesw.a "$out/lib/lib$name.a"; done
	for name in form menu panel; do ln -s lib${name}w.a "$out/lib/lib$name.a"; done
	ln -s . "$out/include/ncursesw"
{% endblock %}
