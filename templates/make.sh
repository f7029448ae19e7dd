{% extends "base" %}
{%# Packages that are built by make alone; a script that must run before it goes into the block `configure`. #%}
{% set _make = fact("make_flags", default=[], doc="variables and flags for every make") %}
{% block build %}
	make {{ (_make + fact("build_targets", default=[], doc="what to make")) | join(" ") }}
{% endblock %}
{% block check %}
{% for _target in fact("check_targets", default=[], doc="what to make for a test") %}
	make {{ (_make + [_target]) | join(" ") }}
{% endfor %}
{% endblock %}
{% block install %}
	make {{ (_make + fact("install_flags", default=["PREFIX=\"$out\""], doc="variables for the install") + fact("install_targets", default=["install"], doc="what to install")) | join(" ") }}
{% endblock %}
