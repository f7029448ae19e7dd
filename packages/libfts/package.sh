{% extends "base" %}
{%# musl does not have it. This is one of the files that pkgsrc brings to systems that are not NetBSD. #%}
{% set version = "20240319" %}
{% set meta = {
	"description": "fts, the BSD walk through directories",
	"license": "BSD-3-Clause",
	"homepage": "https://cdn.netbsd.org/pub/pkgsrc/current/pkgsrc/pkgtools/libnbcompat/",
} %}
{% set source = src("deb-src:trixie/libnbcompat/libnbcompat_20240319.orig.tar.gz",
	sha256="459baa4f923666005c6784f96ecf984ae36f24d03336c61486c426c92a8ac7bc") %}
{%# Its configure has not heard of musl; and the file needs none of the headers that this would be for. #%}
{% block build %}
	sed -e '/<nbcompat/d' -e '/_DECLS$/d' -e 's:^#define._NBCOMPAT_FTS_H_$:&\n#include <sys/stat.h>:' nbcompat/fts.h >fts.h
	sed -i '/<nbcompat/d' __fts13.c
	$CC $CFLAGS -I. -D'__P(x)=x' -D'__RCSID(x)=' -D'_DIAGASSERT(x)=' -DHAVE_ERRNO_H -DHAVE_FCNTL_H -DHAVE_DIRFD \
		-include sys/param.h -include dirent.h -include stdlib.h -include string.h -include unistd.h -include fts.h \
		-c __fts13.c -o fts.o
	ar rcD libfts.a fts.o
{% endblock %}
{% block install %}
	mkdir -p "$out/include" "$out/lib"
	cp fts.h "$out/include/"
	cp libfts.a "$out/lib/"
{% endblock %}
