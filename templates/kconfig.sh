{% extends "base" %}
{%# Packages that are configured as the Linux kernel is: a `defconfig`, some symbols of our own, then make. #%}
{% set _make = fact("make_flags", default=[], doc="variables and flags for every make") | join(" ") %}
{% set _config = dict(fact("config", default={}, doc="symbols and their values, over those of `defconfig`"),
	**option("config", default={}, doc="symbols and their values, over the package's own")) | kconfig %}
{% block configure %}
	make {{ _make }} {{ fact("defconfig", default="defconfig", doc="the configuration to begin with") }}
	cat >config.wanted {{ _config | heredoc }}
	# Each symbol once: whether the first or the last line counts depends on the program. What is asked about anew gets
	# its default.
	mv .config config.default
	sed -e 's/^# //' -e 's/[ =].*//' config.wanted >config.symbols
	grep -vwFf config.symbols config.default | cat - config.wanted >.config
	yes '' | make {{ _make }} oldconfig >config.log
	# A symbol whose dependencies are not met is dropped without a word.
	while read -r line; do
		symbol=${line#'# '} symbol=${symbol%%[ =]*}
		case $line in
			'#'*) ! grep "^$symbol=" .config ;;
			*) grep -qxF "$line" .config ;;
		esac || { echo "configuration: $symbol did not take" >&2; exit 1; }
	done <config.wanted
{% endblock %}
{% block build %}
	make {{ _make }}{% for _target in fact("build_targets", default=[], doc="what to make") %} {{ _target }}{% endfor %}

{% endblock %}
