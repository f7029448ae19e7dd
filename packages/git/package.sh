{% extends "make" %}
{% set version = "2.47.3" %}
{% set meta = {
	"description": "Version control",
	"license": "GPL-2.0-only",
	"homepage": "https://git-scm.com/",
} %}
{% set source = src(["https://www.kernel.org/pub/software/scm/git/git-2.47.3.tar.xz", "deb-src:trixie/git/git_2.47.3.orig.tar.xz"],
	sha256="9c2eb1250781b3e5bfef098572d07fdf132d67e6c065e4307332ade9819a1501") %}
{% do dep("curl") %}
{% set make_flags = [
	"prefix=\"$out\" CC=\"$CC\" CFLAGS=\"$CFLAGS $CPPFLAGS\" LDFLAGS=\"$LDFLAGS\" INSTALL_SYMLINKS=1",
	"NO_OPENSSL=1 NO_EXPAT=1 NO_PERL=1 NO_PYTHON=1 NO_TCLTK=1 NO_GETTEXT=1 NO_REGEX=1 NO_INSTALL_HARDLINKS=1",
	"CURL_LDFLAGS=\"-lcurl -lbearssl -lz\"",
] %}
