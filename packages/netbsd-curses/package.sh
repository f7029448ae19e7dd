{% extends "make" %}
{% set version = "0.3.2" %}
{% set meta = {
	"description": "Terminal handling library of NetBSD, small",
	"license": "BSD-3-Clause",
	"homepage": "https://github.com/sabotage-linux/netbsd-curses",
	"update": {"url": "https://github.com/sabotage-linux/netbsd-curses/tags", "pattern": "v([0-9.]+)\\.tar\\.gz"},
	"verified": false, "reason": "nobody here could reach the only place that has its sources",
} %}
{% set source = src("https://github.com/sabotage-linux/netbsd-curses/archive/refs/tags/v0.3.2.tar.gz", name="netbsd-curses-0.3.2.tar.gz",
	sha256="9d3ebd651e5f70b87b1327b01cbd7e0c01a0f036b4c1371f653b7704b11daf23") %}
{% set make_flags = ["CC=\"$CC\" HOSTCC=\"$CC\" AR=ar RANLIB=ranlib AWK=awk CFLAGS=\"$CFLAGS\" LDFLAGS=\"$LDFLAGS\" PREFIX=\"$out\""] %}
{% set build_targets = ["all-static"] %}
{% set install_targets = ["install-static"] %}
{%# Programs ask for ncurses by these names. #%}
{% block post_install %}
	ln -s libterminfo.a "$out/lib/libtinfo.a"
	for name in ncurses ncursesw cursesw; do [ -e "$out/lib/lib$name.a" ] || ln -s libcurses.a "$out/lib/lib$name.a"; done
	ln -s . "$out/include/ncursesw"
{% endblock %}
