{% extends "autoconf" %}
{% set version = "2.8" %}
{% set meta = {
	"description": "Applies differences to files",
	"license": "GPL-3.0-or-later",
	"homepage": "https://savannah.gnu.org/projects/patch/",
} %}
{% set source = src(["https://ftp.gnu.org/gnu/patch/patch-2.8.tar.xz", "deb-src:trixie/patch/patch_2.8.orig.tar.xz"],
	sha256="f87cee69eec2b4fcbf60a396b030ad6aa3415f192aa5f7ee84cad5e11f7f5ae3") %}
{%# `ed` is looked for when it is wanted. #%}
{% set flags = ["--disable-xattr ac_cv_path_ED=ed"] %}
