{% extends "autoconf" %}
{% set version = "9.7" %}
{% set meta = {
	"description": "The basic programs for files, text and processes",
	"license": "GPL-3.0-or-later",
	"homepage": "https://www.gnu.org/software/coreutils/",
} %}
{% set source = src(["https://ftp.gnu.org/gnu/coreutils/coreutils-9.7.tar.xz", "deb-src:trixie/coreutils/coreutils_9.7.orig.tar.xz"],
	sha256="e8bb26ad0293f9b5a1fc43fb42ba970e312c66ce92c1b0b16713d7500db251bf") %}
{%# One program under many names: a hundred static ones would be 30 MB. The check of `getcwd` makes a thousand directories
    in five seconds or says no, which is for a busy machine to decide. #%}
{% set flags = ["--enable-single-binary=symlinks --disable-acl --disable-libcap --disable-xattr", "--without-selinux --without-openssl --without-libgmp",
	"gl_cv_func_getcwd_path_max='no, but it is partly working'"] %}
