{% extends "base" %}
{%# The compiler of the quick start: musl's libc and, around the host's gcc, a wrapper that links against it. C only. #%}
{% set version = "1.2.5" %}
{% set meta = {
	"description": "C library, with a wrapper around the host's C compiler",
	"license": "MIT",
	"homepage": "https://musl.libc.org/",
} %}
{% set sandbox = "host" %}
{% set source = src(["https://musl.libc.org/releases/musl-1.2.5.tar.gz", "deb-src:trixie/musl/musl_1.2.5.orig.tar.gz"],
	sha256="a9a118bbe84d8764da0ea0d28b3ab3fae8477fc7e4085d90102b8596fc7c75e4") %}
{% block compiler %}{% endblock %}
{% block configure %}
	./configure --prefix="$out" --disable-shared --enable-wrapper=gcc
{% endblock %}
{% block build %}
	make
{% endblock %}
{% block install %}
	make install

	# The kernel's headers come behind all others, because the C library has its own version of some.
	mkdir "$out/kernel"
	cp -R /usr/include/linux /usr/include/asm-generic /usr/include/mtd "$out/kernel/"
	cp -R "/usr/include/$(gcc -print-multiarch)/asm" "$out/kernel/"

	# -static always: without it a gcc that makes position-independent programs by default links a dynamic one.
	cat >"$out/bin/musl-gcc" <<-EOF
	#!/bin/sh
	exec /usr/bin/gcc -static "\$@" -specs $out/lib/musl-gcc.specs -idirafter $out/kernel
	EOF
	ln -s musl-gcc "$out/bin/{{ target }}-gcc"
	# A makefile that calls `cc` must not get the host's.
	ln -s musl-gcc "$out/bin/cc"
	ln -s musl-gcc "$out/bin/gcc"

	# A missing program of the host (awk) leaves a library with empty objects, and nothing fails until somebody links.
	cat >"$tmp/hello.c" <<-'EOF'
	#include <linux/limits.h>
	#include <stdio.h>
	#include <string.h>
	static _Thread_local char text[PATH_MAX];
	int main(void) { return strcmp(memcpy(text, "hello", 6), "hello") || puts(text) < 0; }
	EOF
	"$out/bin/cc" -O2 -o "$tmp/hello" "$tmp/hello.c"
	test "$("$tmp/hello")" = hello
{% endblock %}
