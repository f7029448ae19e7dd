{% extends "base" %}
{%# The proof of a toolchain: what it compiles in the strict sandbox runs there, and nothing of it is dynamic. Beside it
    upstream's test suite on a busybox that was built there. #%}
{% set version = "1" %}
{% set meta = {
	"description": "Proof that the toolchain compiles C and C++ programs, and busybox, as it should",
	"license": "0BSD",
	"homepage": "https://musl.cc/",
} %}
{% set _is_whole = toolchain != "host" %}
{% if _is_whole %}
{% do dep("busybox", tested=true, as="tested") %}
{% endif %}
{% block build %}
	cat >c-check.c {{ file("check.c") | heredoc }}
	$CC $CPPFLAGS $CFLAGS $LDFLAGS -o c-check c-check.c
	./c-check
	! $CC -o wrong -x c - <<-EOF
	int main(void) { return undeclared(); }
	EOF
{% if _is_whole %}
	cat >cxx-check.cc {{ file("check.cc") | heredoc }}
	$CXX $CPPFLAGS $CXXFLAGS $LDFLAGS -o cxx-check cxx-check.cc
	./cxx-check
	# Nothing asks for an interpreter or a shared library, the toolchain's own programs neither.
	find -L "$env/bin" "$env/libexec" ./*-check -type f -exec {{ target }}-readelf -lW {} + >programs 2>others || true
	grep -c 'Elf file type is EXEC' programs
	if grep -E 'INTERP|DYNAMIC' programs; then exit 1; fi
{% endif %}
{% endblock %}
{% block install %}
	mkdir -p "$out/bin"
	cp ./*-check "$out/bin/"
{% endblock %}
