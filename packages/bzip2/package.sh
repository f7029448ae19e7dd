{% extends "make" %}
{% set version = "1.0.8" %}
{% set meta = {
	"description": "Compression tool and library (Burrows-Wheeler)",
	"license": "bzip2-1.0.6",
	"homepage": "https://sourceware.org/bzip2/",
} %}
{% set source = src(["https://sourceware.org/pub/bzip2/bzip2-1.0.8.tar.gz", "deb-src:trixie/bzip2/bzip2_1.0.8.orig.tar.gz"],
	sha256="ab5a03176ee106d3f0fa90e381da478ddae405918153cca248e682cd0c4a2269") %}
{% set make_flags = ["CC=\"$CC\"", "CFLAGS=\"$CFLAGS -D_FILE_OFFSET_BITS=64\"", "LDFLAGS=\"$LDFLAGS\""] %}
{% block post_install %}
	mkdir "$out/share"
	mv "$out/man" "$out/share/"
{% endblock %}
