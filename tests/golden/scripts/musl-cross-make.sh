#!/bin/sh
#@ pthbs 1
#@ name musl-cross-make
#@ version 14.2.0
#@ system x86_64-linux
#@ target x86_64-linux-musl
#@ source sha256:a3c2b80201b89e68616f4ad30bc66aee4927c3ce50e33929ca819d5c43538898 gmp-6.3.0.tar.xz
#@ source sha256:a7b39bc69cbf9e25826c5a60ab26477001f7c08d85cec04bc0e29cabed6f3cc9 gcc-14.2.0.tar.xz
#@ source sha256:a9a118bbe84d8764da0ea0d28b3ab3fae8477fc7e4085d90102b8596fc7c75e4 musl-1.2.5.tar.gz
#@ source sha256:ab642492f5cf882b74aa0cb730cd410a81edcdbec895183ce930e706c1c759b8 mpc-1.3.1.tar.gz
#@ source sha256:b67ba0383ef7e8a8563734e2e889ef5ec3c3b898a01d00fa0a6869ad81c6ce01 mpfr-4.2.2.tar.xz
#@ source sha256:ce2017e059d63e67ddb9240e9d4ec49c2893605035cd60e92ad53177f4377237 binutils-2.44.tar.xz
#@ dep linux-headers.834f23f779360a7804d1518566a95c7d5adb2c67fdaaafe5eb9b4a216c6c693f
#@ build sandbox=host set_path=on static=on
set -eu
umask 022
export LC_ALL=C TZ=UTC0 HOME="$tmp" SOURCE_DATE_EPOCH=315619200 PERL_HASH_SEED=0 PYTHONHASHSEED=0

cd "$tmp"

target=x86_64-linux-musl
sysroot="$out/$target"
cflags='-O2 -g0'
export PATH="$out/bin:$PATH"

# Programs of the host are static: libtool swallows -static, but not --static. gmp asks for an m4 that it does not use.
with_host_compiler() {
	env CC='gcc -static --static' CXX='g++ -static --static' CFLAGS="$cflags" CXXFLAGS="$cflags" \
		CFLAGS_FOR_TARGET="$cflags" CXXFLAGS_FOR_TARGET="$cflags" M4=no-m4 "$@"
}

phase_patch() {
	ln -s ../gmp-6.3.0 "$src/gcc-14.2.0/gmp"
	ln -s ../mpfr-4.2.2 "$src/gcc-14.2.0/mpfr"
	ln -s ../mpc-1.3.1 "$src/gcc-14.2.0/mpc"
	# Whether a program has threads is told by weak references, which pull nothing out of a static library: locks
	# would do nothing.
	sed -i 's/^#define GTHREAD_USE_WEAK 1$/#define GTHREAD_USE_WEAK 0/' "$src/gcc-14.2.0/libgcc/gthr.h"
	# Libraries belong into lib, not into lib64.
	sed -i '/m64=/s/lib64/lib/' "$src/gcc-14.2.0/gcc/config/i386/t-linux64"
}

# Here and below configured by a relative path, so that no program has the build's directory in its messages.
phase_binutils() {
	mkdir "$tmp/binutils"
	cd "$tmp/binutils"
	with_host_compiler ../../src/binutils-2.44/configure --prefix="$out" --target=$target --with-sysroot="$sysroot" \
		--disable-nls --disable-werror --disable-multilib --disable-shared --disable-plugins --disable-gprofng \
		--disable-gdb --disable-separate-code --enable-deterministic-archives --without-zstd \
		--without-system-zlib
	with_host_compiler make MAKEINFO=true
	with_host_compiler make MAKEINFO=true install-strip
}

phase_gcc() {
	# The place of the C library: below the prefix, so that the tree can be moved.
	mkdir -p "$sysroot/include"
	ln -s . "$sysroot/usr"
	cp -R "/versions/linux-headers.834f23f779360a7804d1518566a95c7d5adb2c67fdaaafe5eb9b4a216c6c693f/include/." "$sysroot/include/"
	chmod -R u+w "$sysroot/include"

	mkdir "$tmp/gcc"
	cd "$tmp/gcc"
	with_host_compiler ../../src/gcc-14.2.0/configure --prefix="$out" --target=$target --with-sysroot="$sysroot" \
		--enable-languages=c,c++ --disable-bootstrap --disable-multilib --disable-werror --disable-nls \
		--disable-shared --disable-plugin --disable-lto --disable-libsanitizer --disable-libgomp \
		--disable-libquadmath --disable-libitm --disable-libvtv --disable-libssp --disable-libatomic \
		--disable-decimal-float --disable-gcov --disable-gnu-indirect-function --disable-libstdcxx-pch \
		--enable-libstdcxx-time=yes --enable-initfini-array --enable-tls --without-zstd --without-isl \
		--without-system-zlib
	with_host_compiler make MAKEINFO=true all-gcc
	with_host_compiler make MAKEINFO=true install-strip-gcc
}

# libgcc wants the C library's headers, and the C library wants libgcc. Without shared libraries one round is enough.
phase_musl() {
	mkdir "$tmp/musl"
	cd "$tmp/musl"
	../../src/musl-1.2.5/configure --host=$target --prefix= --disable-shared CFLAGS="$cflags"
	make DESTDIR="$sysroot" install-headers
	with_host_compiler make -C "$tmp/gcc" all-target-libgcc
	with_host_compiler make -C "$tmp/gcc" install-target-libgcc
	make
	make DESTDIR="$sysroot" install
}

phase_libstdcxx() {
	with_host_compiler make -C "$tmp/gcc" all-target-libstdc++-v3
	with_host_compiler make -C "$tmp/gcc" install-strip-target-libstdc++-v3
}

phase_install() {
	# Headers of the host that gcc has mended, and what would mend them again: the host's are of no use here.
	rm -r "$out/libexec/gcc/$target/"*/install-tools "$out/lib/gcc/$target/"*/install-tools
	rm -rf "$out/share/info" "$out/share/man/man7" "$out"/share/gcc-*
	find "$out" -name '*.la' -exec rm {} +
	find "$out" -name '*-gdb.py' -exec rm {} +
	# Some assembler files carry the place where they were assembled.
	find "$out" -name '*.[ao]' -exec $target-strip --strip-debug {} +
	ln -s $target-gcc "$out/bin/$target-cc"
	# What is made here also runs here, so that the programs go by their plain names, too.
	for program in "$out/bin/$target-"*; do
		ln -s "${program##*/}" "$out/bin/${program##*/$target-}"
	done
}

phase_check() {
	cd "$tmp"
	cat >hello.c <<'EOF'
/* What a C program needs of its toolchain: threads with storage of their own, mathematics, the kernel's headers. */
#include <linux/limits.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>

static _Thread_local int own = 1;
static volatile double two = 2;

static void *run(void *sum)
{
	own += 40;
	*(int *)sum = own;
	return sum;
}

int main(void)
{
	pthread_t thread;
	int sum = 0;
	if (pthread_create(&thread, NULL, run, &sum) || pthread_join(thread, NULL))
		return 1;
	if (sum != 41 || own != 1 || (int)(sqrt(two) * 1000) != 1414 || PATH_MAX != 4096)
		return 2;
	return printf("hello from C\n") < 0;
}
EOF
	$target-gcc $cflags -o hello-c hello.c
	./hello-c
	cat >hello.cc <<'EOF'
// What a C++ program needs of its toolchain: exceptions, threads, locks that lock, thread_local, the library.
#include <iostream>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

static thread_local int own = 0;
static std::mutex lock;
static long counter = 0;

static void count()
{
	for (int i = 0; i < 100000; i++) {
		std::lock_guard<std::mutex> guard(lock);
		counter++;
		own++;
	}
	if (own != 100000)
		throw std::logic_error("thread_local is shared");
}

int main()
{
	std::vector<std::thread> threads;
	for (int i = 0; i < 4; i++)
		threads.emplace_back(count);
	for (auto &thread : threads)
		thread.join();
	// Without working locks the sum is short, as far as two threads ever ran at once.
	if (counter != 400000 || own != 0)
		return 1;
	try {
		throw std::runtime_error("hello from C++");
	} catch (const std::exception &error) {
		std::cout << error.what() << std::endl;
		return 0;
	}
	return 2;
}
EOF
	$target-g++ $cflags -o hello-cc hello.cc
	./hello-cc
	# Nothing asks for an interpreter or a shared library. readelf fails on what is no ELF file.
	find "$out" hello-* -type f -exec $target-readelf -lW {} + >programs 2>others || true
	if grep -E 'INTERP|DYNAMIC' programs; then exit 1; fi
}

echo '#@ phase patch'
phase_patch

echo '#@ phase binutils'
phase_binutils

echo '#@ phase gcc'
phase_gcc

echo '#@ phase musl'
phase_musl

echo '#@ phase libstdcxx'
phase_libstdcxx

echo '#@ phase install'
phase_install

echo '#@ phase check'
phase_check
