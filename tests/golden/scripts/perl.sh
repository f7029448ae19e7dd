#!/bin/sh
#@ pthbs 1
#@ name perl
#@ version 5.40.1
#@ system x86_64-linux
#@ target x86_64-linux-musl
#@ source sha256:dfa20c2eef2b4af133525610bbb65dd13777ecf998c9c5b1ccf0d308e732ee3f perl-5.40.1.tar.xz
#@ tool busybox.8efcb74ad6e490a3e3b3afb675e98af0888ccd530fe1c3268a5324f5e63387fe
#@ tool gnu-make.258e9f5c018ee9e96336e71b7afadfb9f6d941966aabcbaaa77ef587463bf5f4
#@ tool musl-cross-make.938349c4209476926861e39acca2c48bf84c65df3ad2a6ee974aa1b8f116340e
#@ build sandbox=on set_path=on static=on
set -eu
umask 022
export LC_ALL=C TZ=UTC0 HOME="$tmp" SOURCE_DATE_EPOCH=315619200 PERL_HASH_SEED=0 PYTHONHASHSEED=0
export CC=x86_64-linux-musl-gcc CFLAGS="-O2"
export CXX=x86_64-linux-musl-g++ CXXFLAGS="$CFLAGS"
export CPPFLAGS="" LDFLAGS="-static -s -Wl,--build-id=none" PKG_CONFIG_LIBDIR=""

cd "$src/perl-5.40.1"

phase_configure() {
	# What perl would remember of this machine, this hour, and where tools and the compiler's libraries lay.
	cat >config.over <<-\C
	cf_time='Wed Jan  2 00:00:00 UTC 1980' myuname=linux osvers=6
	full_ar=ar full_sed=sed pager=more lns='ln -s' rm_try='rm -f'
	libc='' libsdirs='' libsfound='' libspath='' libpth='' plibpth='' incpth='' timeincl='' usrinc=/usr/include
	C
	./Configure -des -Dprefix="$out" -Dcc="$CC" -Doptimize="$CFLAGS" -Dldflags="$LDFLAGS" -Uusedl \
		-Accflags=-D_GNU_SOURCE -Dosname=linux -Dmyhostname=pthbs -Dmydomain=.invalid -Dcf_by=pthbs -Dcf_email=pthbs@invalid \
		-Dperladmin=pthbs@invalid -Dman1dir=none -Dman3dir=none -Dinstallusrbinperl=n -Dd_procselfexe=undef
}

phase_build() {
	make
}

phase_install() {
	make install
}

echo '#@ phase configure'
phase_configure
echo '#@ phase build'
phase_build
echo '#@ phase install'
phase_install
