{% extends "base" %}
{%# The toolchain of every strict build, in the steps of musl-cross-make, made by the host's compiler: static programs
    of the host that make static programs. bootstrap/README.md says what that proves. #%}
{% set version = "14.2.0" %}
{% set meta = {
	"description": "C and C++ compiler, assembler, linker and C library for static programs",
	"license": "GPL-3.0-or-later AND LGPL-3.0-or-later AND GPL-3.0-or-later WITH GCC-exception-3.1 AND MIT",
	"homepage": "https://github.com/richfelker/musl-cross-make",
	"update": {"url": "https://ftp.gnu.org/gnu/gcc/", "pattern": "gcc-(14\\.[0-9.]+)/"},
} %}
{% set sandbox = "host" %}
{% set source = "$tmp" %}
{% block compiler %}{% endblock %}

{%# The version table. #%}
{% set _binutils = "binutils-2.44" %}
{% set _gcc = "gcc-14.2.0" %}
{% set _gmp = "gmp-6.3.0" %}
{% set _mpfr = "mpfr-4.2.2" %}
{% set _mpc = "mpc-1.3.1" %}
{% set _musl = "musl-1.2.5" %}

{%# What config.mak chooses in musl-cross-make. #%}
{% set _target = option("target", default=target, doc="what the programs that it compiles run on") %}
{% set _languages = option("languages", default=["c", "c++"], doc="compilers to build") %}
{% set _cflags = option("cflags", default="-O2 -g0", doc="how the toolchain and its libraries are compiled") %}
{% set _common = option("common_config", default=[], doc="more flags for the configure of binutils and gcc") %}
{% set _binutils_config = option("binutils_config", default=[], doc="more flags for the configure of binutils") %}
{% set _gcc_config = option("gcc_config", default=[], doc="more flags for the configure of gcc") %}
{% set _musl_config = option("musl_config", default=[], doc="more flags for the configure of musl") %}

{% set _arch = {"x86_64": "x86", "i686": "x86", "aarch64": "arm64", "arm": "arm", "riscv64": "riscv"} %}
{% set _headers = dep("linux-headers") if _target == target else dep("linux-headers", arch=_arch[(_target | split("-"))[0]]) %}

{% set _gnu = "https://ftp.gnu.org/gnu/" %}
{% if sources == "debian" %}
{% do src("deb-src:trixie/binutils/binutils_2.44.orig.tar.xz", name=_binutils ~ ".tar.xz",
	sha256="c41a0272424f41bb01bf828e7ffef1b2d59d1788064fd6b5f1d971717e9320b8") %}
{% set _nest = src("deb-src:trixie/gcc-14/gcc-14_14.2.0.orig.tar.gz", name=_gcc ~ "-nest.tar.gz",
	sha256="e162a5ef3f0077ecae598c6556908d2ab80841532df3398072a96a6df6e6aa29") %}
{% do src("deb-src:trixie/gmp/gmp_6.3.0+dfsg.orig.tar.xz", name=_gmp ~ ".tar.xz",
	sha256="bd2966e6d277f79328e894a5a9f3ba3fbf2ed2be81def5f48623e30c23fb1572") %}
{% else %}
{% do src(_gnu ~ "binutils/" ~ _binutils ~ ".tar.xz",
	sha256="ce2017e059d63e67ddb9240e9d4ec49c2893605035cd60e92ad53177f4377237") %}
{% do src(_gnu ~ "gcc/" ~ _gcc ~ "/" ~ _gcc ~ ".tar.xz",
	sha256="a7b39bc69cbf9e25826c5a60ab26477001f7c08d85cec04bc0e29cabed6f3cc9") %}
{% do src(_gnu ~ "gmp/" ~ _gmp ~ ".tar.xz",
	sha256="a3c2b80201b89e68616f4ad30bc66aee4927c3ce50e33929ca819d5c43538898") %}
{% endif %}
{% do src([_gnu ~ "mpfr/" ~ _mpfr ~ ".tar.xz", "deb-src:trixie/mpfr4/mpfr4_4.2.2.orig.tar.xz"],
	sha256="b67ba0383ef7e8a8563734e2e889ef5ec3c3b898a01d00fa0a6869ad81c6ce01") %}
{% do src([_gnu ~ "mpc/" ~ _mpc ~ ".tar.gz", "deb-src:trixie/mpclib3/mpclib3_1.3.1.orig.tar.gz"],
	sha256="ab642492f5cf882b74aa0cb730cd410a81edcdbec895183ce930e706c1c759b8") %}
{% do src(["https://musl.libc.org/releases/" ~ _musl ~ ".tar.gz", "deb-src:trixie/musl/musl_1.2.5.orig.tar.gz"],
	sha256="a9a118bbe84d8764da0ea0d28b3ab3fae8477fc7e4085d90102b8596fc7c75e4") %}

{% block phases %}
target={{ _target | sh }}
sysroot="$out/$target"
cflags={{ _cflags | sh }}
export PATH="$out/bin:$PATH"

# Programs of the host are static: libtool swallows -static, but not --static. gmp asks for an m4 that it does not use.
with_host_compiler() {
	env CC='gcc -static --static' CXX='g++ -static --static' CFLAGS="$cflags" CXXFLAGS="$cflags" \
		CFLAGS_FOR_TARGET="$cflags" CXXFLAGS_FOR_TARGET="$cflags" M4=no-m4 "$@"
}

phase_patch() {
{% if sources == "debian" %}
	# The archive has upstream's tarball without its manuals, in a tarball.
	mkdir "$src/{{ _gcc }}"
	tar -xf "{{ _nest }}/{{ _gcc }}-dfsg.tar.xz" -C "$src/{{ _gcc }}" --strip-components=1
	# The manual's tm.texi is compared with one that is made from the sources.
	sed -i 's/^s-tm-texi: build.*/s-tm-texi:\n\t$(STAMP) $@\nno-s-tm-texi:/' "$src/{{ _gcc }}/gcc/Makefile.in"
	mkdir "$src/{{ _gmp }}/doc"
	printf 'all install clean:\n' >"$src/{{ _gmp }}/doc/Makefile.in"
{% endif %}
	ln -s ../{{ _gmp }} "$src/{{ _gcc }}/gmp"
	ln -s ../{{ _mpfr }} "$src/{{ _gcc }}/mpfr"
	ln -s ../{{ _mpc }} "$src/{{ _gcc }}/mpc"
	# Whether a program has threads is told by weak references, which pull nothing out of a static library: locks
	# would do nothing.
	sed -i 's/^#define GTHREAD_USE_WEAK 1$/#define GTHREAD_USE_WEAK 0/' "$src/{{ _gcc }}/libgcc/gthr.h"
	# Libraries belong into lib, not into lib64.
	sed -i '/m64=/s/lib64/lib/' "$src/{{ _gcc }}/gcc/config/i386/t-linux64"
}

# Here and below configured by a relative path, so that no program has the build's directory in its messages.
phase_binutils() {
	mkdir "$tmp/binutils"
	cd "$tmp/binutils"
	with_host_compiler ../../src/{{ _binutils }}/configure --prefix="$out" --target=$target --with-sysroot="$sysroot" \
		--disable-nls --disable-werror --disable-multilib --disable-shared --disable-plugins --disable-gprofng \
		--disable-gdb --disable-separate-code --enable-deterministic-archives --without-zstd \
		--without-system-zlib {{ (_common + _binutils_config) | sh }}
	with_host_compiler make MAKEINFO=true
	with_host_compiler make MAKEINFO=true install-strip
}

phase_gcc() {
	# The place of the C library: below the prefix, so that the tree can be moved.
	mkdir -p "$sysroot/include"
	ln -s . "$sysroot/usr"
	cp -R "{{ _headers }}/include/." "$sysroot/include/"
	chmod -R u+w "$sysroot/include"

	mkdir "$tmp/gcc"
	cd "$tmp/gcc"
	with_host_compiler ../../src/{{ _gcc }}/configure --prefix="$out" --target=$target --with-sysroot="$sysroot" \
		--enable-languages={{ _languages | join(",") }} --disable-bootstrap --disable-multilib --disable-werror --disable-nls \
		--disable-shared --disable-plugin --disable-lto --disable-libsanitizer --disable-libgomp \
		--disable-libquadmath --disable-libitm --disable-libvtv --disable-libssp --disable-libatomic \
		--disable-decimal-float --disable-gcov --disable-gnu-indirect-function --disable-libstdcxx-pch \
		--enable-libstdcxx-time=yes --enable-initfini-array --enable-tls --without-zstd --without-isl \
		--without-system-zlib {{ (_common + _gcc_config) | sh }}
	with_host_compiler make MAKEINFO=true all-gcc
	with_host_compiler make MAKEINFO=true install-strip-gcc
}

# libgcc wants the C library's headers, and the C library wants libgcc. Without shared libraries one round is enough.
phase_musl() {
	mkdir "$tmp/musl"
	cd "$tmp/musl"
	../../src/{{ _musl }}/configure --host=$target --prefix= --disable-shared CFLAGS="$cflags" {{ _musl_config | sh }}
	make DESTDIR="$sysroot" install-headers
	with_host_compiler make -C "$tmp/gcc" all-target-libgcc
	with_host_compiler make -C "$tmp/gcc" install-target-libgcc
	make
	make DESTDIR="$sysroot" install
}
{% if "c++" in _languages %}

phase_libstdcxx() {
	with_host_compiler make -C "$tmp/gcc" all-target-libstdc++-v3
	with_host_compiler make -C "$tmp/gcc" install-strip-target-libstdc++-v3
}
{% endif %}

phase_install() {
	# Headers of the host that gcc has mended, and what would mend them again: the host's are of no use here.
	rm -r "$out/libexec/gcc/$target/"*/install-tools "$out/lib/gcc/$target/"*/install-tools
	rm -rf "$out/share/info" "$out/share/man/man7" "$out"/share/gcc-*
	find "$out" -name '*.la' -exec rm {} +
	find "$out" -name '*-gdb.py' -exec rm {} +
	# Some assembler files carry the place where they were assembled.
	find "$out" -name '*.[ao]' -exec $target-strip --strip-debug {} +
	ln -s $target-gcc "$out/bin/$target-cc"
{% if _target == target %}
	# What is made here also runs here, so that the programs go by their plain names, too.
	for program in "$out/bin/$target-"*; do
		ln -s "${program##*/}" "$out/bin/${program##*/$target-}"
	done
{% endif %}
}

phase_check() {
	cd "$tmp"
	cat >hello.c {{ file("hello.c") | heredoc }}
	$target-gcc $cflags -o hello-c hello.c
{% if _target == target %}
	./hello-c
{% endif %}
{% if "c++" in _languages %}
	cat >hello.cc {{ file("hello.cc") | heredoc }}
	$target-g++ $cflags -o hello-cc hello.cc
{% if _target == target %}
	./hello-cc
{% endif %}
{% endif %}
	# Nothing asks for an interpreter or a shared library. readelf fails on what is no ELF file.
	find "$out" hello-* -type f -exec $target-readelf -lW {} + >programs 2>others || true
	if grep -E 'INTERP|DYNAMIC' programs; then exit 1; fi
}
{% for _phase in ["patch", "binutils", "gcc", "musl"] + (["libstdcxx"] if "c++" in _languages else []) + ["install", "check"] %}

echo '#@ phase {{ _phase }}'
phase_{{ _phase }}
{% endfor %}
{% endblock %}
