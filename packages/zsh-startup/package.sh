{% extends "make" %}
{%# zsh looks for these below /versions/current, the environment that it runs in. #%}
{% set version = "1" %}
{% set meta = {
	"description": "Start-up file for interactive zsh, and completion for busybox",
	"license": "0BSD",
	"homepage": "https://www.zsh.org/",
} %}
{% set source = "$tmp" %}
{% block compiler %}{% endblock %}
{% block pre_build %}
	cat >Makefile {{ file("Makefile") | heredoc }}
	cat >zshrc.in {{ file("zshrc.in") | heredoc }}
	cat >_busybox.in {{ file("_busybox.in") | heredoc }}
{% endblock %}
