#!/usr/bin/env python3
"""Writes a synthetic project: tree.py PACKAGES DIR. The same number gives the same bytes everywhere.

Three storeys, about four dependencies a package, scripts of about 40 lines. Libraries come in groups of ten, so that
the closure over `dep` stays as small as real ones are.
"""

import hashlib
import os
import sys

BASE = """\
{%# The frame of every script. #%}
{% if name != "p00000" %}
{% do tool("p00000") %}
{% endif %}
{% set _prefixes = deps() %}
set -eu
umask 022
export LC_ALL=C TZ=UTC0 HOME="$tmp" SOURCE_DATE_EPOCH=315619200
export CFLAGS="{% for _flag in fact("cflags", default=["-O2"]) %}{{ _flag }} {% endfor %}-g0"
{% if _prefixes %}
export CPPFLAGS="-I{{ _prefixes | join("/include -I") }}/include"
export PKG_CONFIG_LIBDIR="{{ _prefixes | join("/lib/pkgconfig:") }}/lib/pkgconfig"
{% endif %}
export LDFLAGS="-static{% for _prefix in _prefixes %} -L{{ _prefix }}/lib{% endfor %}"
cd "{{ fact("source") }}"

phase_configure() {
{% block configure %}{% endblock %}
}

phase_build() {
{% block build %}{% endblock %}
}

{% if check == "on" %}
phase_check() {
{% block check %}
	:
{% endblock %}
}

{% endif %}
phase_install() {
{% block install %}{% endblock %}
}

for phase in configure build {{ "check " if check == "on" else "" }}install; do
	echo "#@ phase $phase"
	"phase_$phase"
done
"""

BUILD_SYSTEM = """\
{% extends "base" %}
{% block configure %}
	./configure --prefix="$out" --host={{ target }} \\
		--disable-shared --disable-nls \\
{% for _flag in fact("flags", default=[]) %}
		{{ _flag | sh }} \\
{% endfor %}
		--enable-static
{% endblock %}
{% block build %}
	make{% for _target in fact("targets", default=[]) %} {{ _target }}{% endfor %}

{% endblock %}
{% block install %}
	make install DESTDIR=
	rm -f "$out"/lib/*.la
{% endblock %}
"""


def main():
    packages, directory = int(sys.argv[1]), sys.argv[2]
    write(directory, "pthbs.toml", "")
    write(directory, "templates/base.sh", BASE)
    for kind in ["autoconf", "make", "cmake", "kconfig"]:
        write(directory, f"templates/{kind}.sh", BUILD_SYSTEM.replace("--disable-nls", f"--with-{kind}"))
    for number in range(packages):
        write(directory, f"packages/p{number:05}/package.sh", definition(number))


def definition(number):
    digest = hashlib.sha256(str(number).encode()).hexdigest()
    choose = lambda salt, limit: int(digest[salt * 8 : salt * 8 + 8], 16) % limit
    kind = ["autoconf", "make", "cmake", "kconfig"][choose(0, 4)]
    lines = [
        '{%% extends "%s" %%}' % kind,
        '{%% set version = "%d.%d.%d" %%}' % (choose(1, 9), choose(2, 20), choose(3, 9)),
        '{%% set meta = {"description": "Package %d", "license": "MIT", "homepage": "https://example.org/"} %%}' % number,
        '{%% set source = src("https://example.org/p%05d-" ~ version ~ ".tar.gz",' % number,
        '\tsha256="%s") %%}' % digest,
    ]
    group = number - number % 10
    if number > group:
        libraries = sorted({group + choose(4, number - group), group + choose(5, number - group)})
        lines += ['{%% do dep("p%05d") %%}' % library for library in libraries]
    if number > 20:
        lines += ['{%% do tool("p%05d") %%}' % (1 + choose(6, 19))]
    flags = ", ".join('"--with-feature-%d=%s"' % (flag, digest[flag : flag + 6]) for flag in range(2 + choose(7, 4)))
    lines += ["{%% set flags = [%s] %%}" % flags]
    if choose(4, 3) == 0:
        lines += ['{% set targets = ["all", "tools"] %}']
    if choose(5, 2) == 0:
        lines += ["{% block install %}", "{{ super() }}", '\trm -rf "$out/share/doc"', "{% endblock %}"]
    return "\n".join(lines) + "\n"


def write(directory, path, text):
    path = os.path.join(directory, path)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


main()
