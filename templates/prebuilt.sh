{% extends "base" %}
{%# Packages whose source is the install already: data, or programs that somebody else has built. #%}
{% block compiler %}{% endblock %}
{% block install %}
{% for _path in fact("paths", default=["."], doc="what to take out of the source") %}
	cp -R {{ _path | sh }} "$out"/
{% endfor %}
{% endblock %}
