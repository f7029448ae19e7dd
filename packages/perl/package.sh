{% extends "make" %}
{%# Other packages need it in order to be built. #%}
{% set version = "5.40.1" %}
{% set meta = {
	"description": "Programming language",
	"license": "Artistic-1.0-Perl OR GPL-1.0-or-later",
	"homepage": "https://www.perl.org/",
	"silence": {"build": "manuals have examples with directories of that name"},
	"update": {"url": "https://www.cpan.org/src/5.0/", "pattern": "perl-(5\\.40\\.[0-9]+)\\.tar\\.xz"},
} %}
{% set source = src(["https://www.cpan.org/src/5.0/perl-5.40.1.tar.xz", "deb-src:trixie/perl/perl_5.40.1.orig.tar.xz"],
	sha256="dfa20c2eef2b4af133525610bbb65dd13777ecf998c9c5b1ccf0d308e732ee3f") %}
{% set install_flags = [] %}
{% block configure %}
	# What perl would remember of this machine, this hour, and where tools and the compiler's libraries lay.
	cat >config.over <<-\C
	cf_time='Wed Jan  2 00:00:00 UTC 1980' myuname=linux osvers=6
	full_ar=ar full_sed=sed pager=more lns='ln -s' rm_try='rm -f'
	libc='' libsdirs='' libsfound='' libspath='' libpth='' plibpth='' incpth='' timeincl='' usrinc=/usr/include
	C
	./Configure -des -Dprefix="$out" -Dcc="$CC" -Doptimize="$CFLAGS" -Dldflags="$LDFLAGS" -Uusedl \
		-Accflags=-D_GNU_SOURCE -Dosname=linux -Dmyhostname=pthbs -Dmydomain=.invalid -Dcf_by=pthbs -Dcf_email=pthbs@invalid \
		-Dperladmin=pthbs@invalid -Dman1dir=none -Dman3dir=none -Dinstallusrbinperl=n -Dd_procselfexe=undef
{% endblock %}
