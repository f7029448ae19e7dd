{% extends "base" %}
{%# Packages with a `CMakeLists.txt`. What they look for is looked for in the dependencies alone, never on the host:
    every path that cmake knows is put below CMAKE_FIND_ROOT_PATH. Makefiles, because make knows the jobserver. #%}
{% if fact("sandbox", default="host" if toolchain == "host" else "on") == "on" %}
{% do tool("cmake") %}
{% endif %}
{% set _make = "make -C \"$tmp/build\"" %}
{% block configure %}
	# cmake reads no CPPFLAGS. Its lists have semicolons, and an empty list of roots would mean the host.
	roots=$out
{% if deps() %}
	for dep in $deps; do roots="$roots;$dep"; done
{% endif %}
	export CFLAGS="$CFLAGS $CPPFLAGS" CXXFLAGS="${CXXFLAGS-$CFLAGS} $CPPFLAGS"
	cmake -S {{ fact("subdirectory", default=".", doc="where its CMakeLists.txt lies, below the source") | sh }} -B "$tmp/build" -G "Unix Makefiles" \
		-DCMAKE_INSTALL_PREFIX="$out" -DCMAKE_INSTALL_LIBDIR=lib -DCMAKE_BUILD_TYPE=None \
		-DBUILD_SHARED_LIBS=OFF -DCMAKE_SKIP_RPATH=ON -DCMAKE_FIND_ROOT_PATH="$roots" \
		-DCMAKE_FIND_ROOT_PATH_MODE_LIBRARY=ONLY -DCMAKE_FIND_ROOT_PATH_MODE_INCLUDE=ONLY \
		-DCMAKE_FIND_ROOT_PATH_MODE_PACKAGE=ONLY -DCMAKE_FIND_ROOT_PATH_MODE_PROGRAM=NEVER
{%- for _flag in fact("flags", default=[], doc="for cmake; text for the shell") %} \
		{{ _flag }}
{%- endfor %}

{% endblock %}
{% block build %}
	{{ _make }}{% for _target in fact("build_targets", default=[], doc="what to make") %} {{ _target }}{% endfor %}

{% endblock %}
{% block check %}
{% for _target in fact("check_targets", default=[], doc="what to make for a test") %}
	{{ _make }} {{ _target }}
{% endfor %}
{% endblock %}
{% block install %}
	{{ _make }} {{ fact("install_targets", default=["install"], doc="what to install") | join(" ") }}
{% endblock %}
