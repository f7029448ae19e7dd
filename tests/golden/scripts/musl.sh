#!/bin/sh
#@ pthbs 1
#@ name musl
#@ version 1.2.5
#@ system x86_64-linux
#@ target x86_64-linux-musl
#@ source sha256:a9a118bbe84d8764da0ea0d28b3ab3fae8477fc7e4085d90102b8596fc7c75e4 musl-1.2.5.tar.gz
#@ build sandbox=host set_path=on static=on
set -eu
umask 022
export LC_ALL=C TZ=UTC0 HOME="$tmp" SOURCE_DATE_EPOCH=315619200 PERL_HASH_SEED=0 PYTHONHASHSEED=0

cd "$src/musl-1.2.5"

phase_configure() {
	./configure --prefix="$out" --disable-shared --enable-wrapper=gcc
}

phase_build() {
	make
}

phase_install() {
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
	ln -s musl-gcc "$out/bin/x86_64-linux-musl-gcc"
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
}

echo '#@ phase configure'
phase_configure
echo '#@ phase build'
phase_build
echo '#@ phase install'
phase_install
