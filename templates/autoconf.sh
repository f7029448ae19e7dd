{% extends "base" %}
{%# Packages with a `configure` made by autoconf. It is told no `--host`: what it compiles is static and runs here, so
    that it tries things out instead of guessing. `--build` keeps it from finding out what machine this is. #%}
{% set _make = fact("make_flags", default=[], doc="variables and flags for every make") %}
{% block configure %}
	{{ fact("configure", default="./configure", doc="the script, where it is another one") }} --prefix="$out" --build={{ target }} \
		--disable-dependency-tracking --disable-nls --disable-shared --enable-static
{%- for _flag in fact("flags", default=[], doc="for configure; text for the shell, so that $out can stand in it") %} \
		{{ _flag }}
{%- endfor +%}
{% endblock %}
{% block build %}
	make {{ (_make + fact("build_targets", default=[], doc="what to make")) | join(" ") }}
{% endblock %}
{% block check %}
{% for _target in fact("check_targets", default=[], doc="what to make for a test") %}
	make {{ (_make + [_target]) | join(" ") }}
{% endfor %}
{% endblock %}
{% block install %}
	make {{ (_make + fact("install_targets", default=["install"], doc="what to install")) | join(" ") }}
	# libtool's notes hold paths of the build; `dir` is an index that every package would bring.
	rm -f "$out"/lib/*.la "$out"/share/info/dir
{% endblock %}
