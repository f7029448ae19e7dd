{% extends "kconfig" %}
{% set version = "1.37.0" %}
{% set meta = {
	"description": "Shell and some 400 Unix programs in one",
	"license": "GPL-2.0-only",
	"homepage": "https://busybox.net/",
} %}
{%# It is the shell of every strict build, so its own build has the host's; a tested one has an untested one's. #%}
{% set _tested = option("tested", default=false, doc="built in the strict sandbox, and run upstream's test suite") %}
{% set sandbox = "on" if _tested else "host" %}
{% set source = src(["https://busybox.net/downloads/busybox-1.37.0.tar.bz2", "deb-src:trixie/busybox/busybox_1.37.0.orig.tar.bz2"],
	sha256="3311dff32e746499f4df0d5df04d7eb396382d7e108bb9250e7b519b837043a4") %}
{%# The kernel has dropped what TC is written for. `strings` comes with the toolchain, beside which busybox stands in
    every strict build. What is packed into the program would be packed by the host's bzip2. #%}
{% set config = {
	"STATIC": true, "TC": false, "STRINGS": false,
	"FEATURE_COMPRESS_USAGE": false, "FEATURE_COMPRESS_BBCONFIG": false, "FEATURE_SH_EMBEDDED_SCRIPTS": false,
} %}
{% set make_flags = ["CC=\"$CC\"", "HOSTCC=\"$CC\"", "KCONFIG_NOTIMESTAMP=1"] %}
{% block pre_configure %}
	sed -i '/^bzip2 </,/^fi/d' scripts/mkconfigs scripts/embedded_scripts
{% endblock %}
{% block check %}
{% if _tested %}
	cat >known-failures {{ file("known-failures") | heredoc }}
	(cd testsuite && ./runtest) >test.log || true
	cat test.log
	[ "$(grep -c '^PASS' test.log)" -gt 900 ]
	if grep '^FAIL' test.log | sed 's/^FAIL: //' | grep -vxFf known-failures; then exit 1; fi
{% endif %}
{% endblock %}
{% block install %}
	mkdir -p "$out/bin"
	cp busybox "$out/bin/"
	for applet in $(./busybox --list); do
		[ "$applet" = busybox ] || ln -s busybox "$out/bin/$applet"
	done
{% endblock %}
