#!/bin/sh
#@ pthbs 1
#@ name hello-cmake
#@ version 1
#@ system x86_64-linux
#@ target x86_64-linux-musl
#@ source sha256:c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00c0ffee01 hello-cmake-1.tar.gz
#@ tool busybox.8efcb74ad6e490a3e3b3afb675e98af0888ccd530fe1c3268a5324f5e63387fe
#@ tool cmake.d6d21fcc3cd16256d0a5bdd92475d18f9a86b0bf6083237577a2aa81f8d3db57
#@ tool gnu-make.258e9f5c018ee9e96336e71b7afadfb9f6d941966aabcbaaa77ef587463bf5f4
#@ tool musl-cross-make.938349c4209476926861e39acca2c48bf84c65df3ad2a6ee974aa1b8f116340e
#@ dep zlib.8a40da72f55f5915a5d957716b17345331c0874ba684ce69c09893792713be97
#@ build sandbox=on set_path=on static=on
set -eu
umask 022
export LC_ALL=C TZ=UTC0 HOME="$tmp" SOURCE_DATE_EPOCH=315619200 PERL_HASH_SEED=0 PYTHONHASHSEED=0
export CC=x86_64-linux-musl-gcc CFLAGS="-O2"
export CXX=x86_64-linux-musl-g++ CXXFLAGS="$CFLAGS"
export CPPFLAGS="" LDFLAGS="-static -s -Wl,--build-id=none" PKG_CONFIG_LIBDIR=""

# Libraries, and what they use in turn: a static library brings nothing along.
deps="
	/versions/zlib.8a40da72f55f5915a5d957716b17345331c0874ba684ce69c09893792713be97
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
