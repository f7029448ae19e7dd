{% extends "base" %}
{%# Packages that are text alone: what they install lies in the definition or beside it, and nothing is compiled. #%}
{% block compiler %}{% endblock %}
{% block install %}
	put() { mkdir -p "$(dirname "$out/$2")"; cat >"$out/$2"; chmod "$1" "$out/$2"; }
{% for _path, _text in fact("files", default={}, doc="text by its path below $out") | dictsort %}
	put 644 {{ _path | sh }} {{ _text | heredoc }}
{% endfor %}
{% for _path, _text in fact("programs", default={}, doc="as `files`, and executable") | dictsort %}
	put 755 {{ _path | sh }} {{ _text | heredoc }}
{% endfor %}
{% endblock %}
