{% extends "base" %}
{%# Packages with a `meson.build`, by muon, which is small, needs no Python and has a ninja and pkg-config inside; the
    quick start takes the host's meson and ninja. Both understand the same options and commands. #%}
{% set _is_host = fact("sandbox", default="host" if toolchain == "host" else "on") != "on" %}
{% set _meson = "meson" if _is_host else "muon" %}
{% set _ninja = "ninja $width" if _is_host else "muon samu -j$jobs" %}
{% if not _is_host %}
{% do tool("muon") %}
{% endif %}
{% block configure %}
	PKG_CONFIG_PATH="$PKG_CONFIG_LIBDIR" {{ _meson }} setup -Dprefix="$out" -Dlibdir=lib -Dbuildtype=plain \
		-Ddefault_library=static -Dprefer_static=true -Dwrap_mode=nodownload -Dwarning_level=0
{%- for _flag in fact("flags", default=[], doc="for setup; text for the shell") %} \
		{{ _flag }}
{%- endfor %} \
		"$tmp/build"
{% endblock %}
{% block build %}
{% if _is_host %}
	# From 1.13 on ninja takes its width from MAKEFLAGS; an older one must be told.
	case $(ninja --version) in
		1.[0-9] | 1.[0-9].* | 1.1[0-2] | 1.1[0-2].*) width=-j$jobs ;;
		*) width= ;;
	esac
{% endif %}
	{{ _ninja }} -C "$tmp/build"{% for _target in fact("build_targets", default=[], doc="what to build") %} {{ _target }}{% endfor %}

{% endblock %}
{% block check %}
{% for _target in fact("check_targets", default=[], doc="what to build for a test: [\"test\"]") %}
	{{ _ninja }} -C "$tmp/build" {{ _target }}
{% endfor %}
{% endblock %}
{% block install %}
	cd "$tmp/build"
	{{ _meson }} install{{ " --no-rebuild" if _is_host }}
{% endblock %}
