{% extends "make" %}
{% set version = "2.75" %}
{% set meta = {
	"description": "Capabilities: library, setcap, capsh",
	"license": "BSD-3-Clause OR GPL-2.0-only",
	"homepage": "https://sites.google.com/site/fullycapable/",
} %}
{% set source = src(["https://www.kernel.org/pub/linux/libs/security/linux-privs/libcap2/libcap-2.75.tar.xz", "deb-src:trixie/libcap2/libcap2_2.75.orig.tar.xz"],
	sha256="de4e7e064c9ba451d5234dd46e897d7c71c96a9ebf9a0c445bc04f4742d83632") %}
{% set make_flags = ["CC=\"$CC\"", "BUILD_CC=\"$CC\"", "AR=ar", "RANLIB=ranlib", "COPTS=\"$CFLAGS\"", "LDFLAGS=\"$LDFLAGS\"", "SHARED=no LIBCSTATIC=yes PTHREADS=no GOLANG=no PAM_CAP=no", "prefix=\"$out\" lib=lib CAPSH_SHELL='-DSHELL=\\\"/bin/sh\\\"'"] %}
{% set install_flags = ["RAISE_SETFCAP=no"] %}
{% block pre_build %}
	# bash would make this, to be compared with the file that is there.
	cp progs/capshdoc.c progs/capshdoc.c.cf
{% endblock %}
