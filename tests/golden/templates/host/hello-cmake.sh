#!/bin/sh
#@ pthbs 1
#@ name hello-cmake
#@ version 1
#@ system x86_64-linux
#@ target x86_64-linux-musl
#@ source sha256:c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00c0ffee01 hello-cmake-1.tar.gz
#@ tool musl.8d0d08264dd13eef1db9313d7fa0926dd9a6804da47d43457cafebcdde447414
#@ dep zlib.e57df59d331600ef325b528c973ca5542b30bd7304ac5a6e6515afa40fe17c25
#@ build sandbox=host set_path=on static=on
set -eu
umask 022
export LC_ALL=C TZ=UTC0 HOME="$tmp" SOURCE_DATE_EPOCH=315619200 PERL_HASH_SEED=0 PYTHONHASHSEED=0
export CC=x86_64-linux-musl-gcc CFLAGS="-O2"
export CPPFLAGS="" LDFLAGS="-static -s -Wl,--build-id=none" PKG_CONFIG_LIBDIR=""

# Libraries, and what they use in turn: a static library brings nothing along.
deps="
	/versions/zlib.e57df59d331600ef325b528c973ca5542b30bd7304ac5a6e6515afa40fe17c25
"
for dep in $deps; do
	CPPFLAGS="$CPPFLAGS -I$dep/include"
	LDFLAGS="$LDFLAGS -L$dep/lib"
	PKG_CONFIG_LIBDIR="$PKG_CONFIG_LIBDIR:$dep/lib/pkgconfig"
done

cd "$src/hello-cmake-1"

phase_configure() {
	# cmake reads no CPPFLAGS. Its lists have semicolons, and an empty list of roots would mean the host.
	roots=$out
	for dep in $deps; do roots="$roots;$dep"; done
	export CFLAGS="$CFLAGS $CPPFLAGS" CXXFLAGS="${CXXFLAGS-$CFLAGS} $CPPFLAGS"
	cmake -S . -B "$tmp/build" -G "Unix Makefiles" \
		-DCMAKE_INSTALL_PREFIX="$out" -DCMAKE_INSTALL_LIBDIR=lib -DCMAKE_BUILD_TYPE=None \
		-DBUILD_SHARED_LIBS=OFF -DCMAKE_SKIP_RPATH=ON -DCMAKE_FIND_ROOT_PATH="$roots" \
		-DCMAKE_FIND_ROOT_PATH_MODE_LIBRARY=ONLY -DCMAKE_FIND_ROOT_PATH_MODE_INCLUDE=ONLY \
		-DCMAKE_FIND_ROOT_PATH_MODE_PACKAGE=ONLY -DCMAKE_FIND_ROOT_PATH_MODE_PROGRAM=NEVER \
		-DGREETING=hello \
		-DPLACE="$out/share"
}

phase_build() {
	make -C "$tmp/build"
}

phase_check() {
	make -C "$tmp/build" test
}

phase_install() {
	make -C "$tmp/build" install
}

echo '#@ phase configure'
phase_configure
echo '#@ phase build'
phase_build
echo '#@ phase check'
phase_check
echo '#@ phase install'
phase_install
