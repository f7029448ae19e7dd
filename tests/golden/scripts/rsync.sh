#!/bin/sh
#@ pthbs 1
#@ name rsync
#@ version 3.2.7
#@ system x86_64-linux
#@ target x86_64-linux-musl
#@ source sha256:4e7d9d3f6ed10878c58c5fb724a67dacf4b6aac7340b13e488fb2dc41346f2bb rsync-3.2.7.tar.gz
#@ tool busybox.8efcb74ad6e490a3e3b3afb675e98af0888ccd530fe1c3268a5324f5e63387fe
#@ tool gnu-make.258e9f5c018ee9e96336e71b7afadfb9f6d941966aabcbaaa77ef587463bf5f4
#@ tool mawk.b34615c59f93e30a5fd525020b572d75d8dab62b5bd0ba19261e1b878e34560a
#@ tool musl-cross-make.938349c4209476926861e39acca2c48bf84c65df3ad2a6ee974aa1b8f116340e
#@ dep acl.8781028c5b39eb3ccea8f1d9fad713e3897c00968e08f7ce4804635a20f4bef2
#@ dep lz4.cc903d5057e4390dc13151c53048b09ba53790f24814bfccd67173a61f62f765
#@ dep popt.032294a9e71cc3965b65c771bb2fcb1b4068b24051ae7462157034025d303943
#@ dep zlib.8a40da72f55f5915a5d957716b17345331c0874ba684ce69c09893792713be97
#@ dep zstd.312ff4b4b822d17759c156b82182931012458a50424f292a3d03a3fd3a855974
#@ build sandbox=on set_path=on static=on
set -eu
umask 022
export LC_ALL=C TZ=UTC0 HOME="$tmp" SOURCE_DATE_EPOCH=315619200 PERL_HASH_SEED=0 PYTHONHASHSEED=0
export CC=x86_64-linux-musl-gcc CFLAGS="-O2"
export CXX=x86_64-linux-musl-g++ CXXFLAGS="$CFLAGS"
export CPPFLAGS="" LDFLAGS="-static -s -Wl,--build-id=none" PKG_CONFIG_LIBDIR=""

# Libraries, and what they use in turn: a static library brings nothing along.
deps="
	/versions/popt.032294a9e71cc3965b65c771bb2fcb1b4068b24051ae7462157034025d303943
	/versions/zlib.8a40da72f55f5915a5d957716b17345331c0874ba684ce69c09893792713be97
	/versions/zstd.312ff4b4b822d17759c156b82182931012458a50424f292a3d03a3fd3a855974
	/versions/lz4.cc903d5057e4390dc13151c53048b09ba53790f24814bfccd67173a61f62f765
	/versions/acl.8781028c5b39eb3ccea8f1d9fad713e3897c00968e08f7ce4804635a20f4bef2
	/versions/attr.9e56b4815577e093a13a56aa2969e19d11639556b7f41d7bbad81eb89c640bc7
"
for dep in $deps; do
	CPPFLAGS="$CPPFLAGS -I$dep/include"
	LDFLAGS="$LDFLAGS -L$dep/lib"
	PKG_CONFIG_LIBDIR="$PKG_CONFIG_LIBDIR:$dep/lib/pkgconfig"
done

cd "$src/rsync-3.2.7"

phase_configure() {
	./configure --prefix="$out" --build=x86_64-linux-musl \
		--disable-dependency-tracking --disable-nls --disable-shared --enable-static \
		--enable-ipv6 --disable-openssl --disable-xxhash --disable-md2man --with-included-popt=no --with-included-zlib=no
}

phase_build() {
	make
}

phase_install() {
	make install
	# libtool's notes hold paths of the build; `dir` is an index that every package would bring.
	rm -f "$out"/lib/*.la "$out"/share/info/dir
}

echo '#@ phase configure'
phase_configure
echo '#@ phase build'
phase_build
echo '#@ phase install'
phase_install
