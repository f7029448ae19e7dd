{% extends "make" %}
{% set version = "1.3.1" %}
{% set meta = {
	"description": "Compression library (deflate)",
	"license": "Zlib",
	"homepage": "https://zlib.net/",
	"update": {"url": "https://zlib.net/fossils/", "pattern": "zlib-([0-9.]+)\\.tar\\.gz"},
} %}
{% if sources == "debian" %}
{% set source = src("deb-src:trixie/zlib/zlib_1.3.dfsg+really1.3.1.orig.tar.gz", sha256="60dd315c07f616887caa029408308a018ace66e3d142726a97db164b3b8f69fb", name="zlib-1.3.1.tar.gz") %}
{% else %}
{% set source = src("https://zlib.net/fossils/zlib-1.3.1.tar.gz", sha256="9a93b2b7dfdac77ceba5a558a580e74667dd6fede4585b91eefb60f03b72df23") %}
{% endif %}
{% set check_targets = ["test"] %}
{% block configure %}
	./configure --prefix="$out" --static
{% endblock %}
