{%# The frame of every script: what shapes the output, the compiler, then phases as functions, called in order.

    A phase is three blocks, `pre_NAME`, `NAME` and `post_NAME`; one without text is left out of the script. Its
    function is called phase_NAME, because one called `install` or `patch` would hide the program of that name.

    Keep this file small: every change of it changes the id of every script. #%}
{% set _compiler %}
{% block compiler %}
{% do tool("musl" if toolchain == "host" else "musl-cross-make" if toolchain == "native" else toolchain) %}
export CC={{ target }}-gcc CFLAGS="-O2{% for _flag in fact("cflags", default=[], doc="more flags for the compiler") %} {{ _flag }}{% endfor %}"
{% if toolchain != "host" %}
export CXX={{ target }}-g++ CXXFLAGS="$CFLAGS"
{% endif %}
export CPPFLAGS="" LDFLAGS="-static -s -Wl,--build-id=none" PKG_CONFIG_LIBDIR=""
{% set _deps = deps() %}
{% if _deps %}

# Libraries, and what they use in turn: a static library brings nothing along.
deps="
	{{ _deps | join("\n\t") }}
"
for dep in $deps; do
	CPPFLAGS="$CPPFLAGS -I$dep/include"
	LDFLAGS="$LDFLAGS -L$dep/lib"
	PKG_CONFIG_LIBDIR="$PKG_CONFIG_LIBDIR:$dep/lib/pkgconfig"
done
{% endif %}
{% endblock %}
{% endset %}
{% set _default_sandbox = "host" if toolchain == "host" and _compiler | trim else "on" %}
{% if fact("sandbox", default=_default_sandbox, doc="how much of the host the script sees") == "on" %}
{% do tool("busybox") %}
{% do tool("gnu-make") %}
{% endif %}
{% set _patch %}
{% block pre_patch %}{% endblock %}
{% block patch %}
{% for _file in patches() %}
	patch -p1 {{ _file.text | heredoc }}
{% endfor %}
{% endblock %}
{% block post_patch %}{% endblock %}
{% endset %}
{% set _configure %}
{% block pre_configure %}{% endblock %}
{% block configure %}{% endblock %}
{% block post_configure %}{% endblock %}
{% endset %}
{% set _build %}
{% block pre_build %}{% endblock %}
{% block build %}{% endblock %}
{% block post_build %}{% endblock %}
{% endset %}
{% set _check %}
{% block pre_check %}{% endblock %}
{% block check %}{% endblock %}
{% block post_check %}{% endblock %}
{% endset %}
{% set _install %}
{% block pre_install %}{% endblock %}
{% block install %}{% endblock %}
{% block post_install %}{% endblock %}
{% endset %}
{% set _phases = [("patch", _patch), ("configure", _configure), ("build", _build), ("check", _check if check == "on" else ""), ("install", _install)] %}
set -eu
umask 022
export LC_ALL=C TZ=UTC0 HOME="$tmp" SOURCE_DATE_EPOCH=315619200 PERL_HASH_SEED=0 PYTHONHASHSEED=0
{{ _compiler }}
cd "{{ fact("source", default="$src", doc="where the phases run: what `src()` gave") }}"

{% block phases %}
{% for _phase, _body in _phases if _body | trim %}
phase_{{ _phase }}() {
{{ _body | trim("\n") }}
}

{% endfor %}
{% for _phase, _body in _phases if _body | trim %}
echo '#@ phase {{ _phase }}'
phase_{{ _phase }}
{% endfor %}
{% endblock %}
