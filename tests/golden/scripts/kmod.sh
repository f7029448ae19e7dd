#!/bin/sh
#@ pthbs 1
#@ name kmod
#@ version 34.2
#@ system x86_64-linux
#@ target x86_64-linux-musl
#@ source sha256:5a5d5073070cc7e0c7a7a3c6ec2a0e1780850c8b47b3e3892226b93ffcb9cb54 kmod-34.2.tar.xz
#@ tool busybox.8efcb74ad6e490a3e3b3afb675e98af0888ccd530fe1c3268a5324f5e63387fe
#@ tool gnu-make.258e9f5c018ee9e96336e71b7afadfb9f6d941966aabcbaaa77ef587463bf5f4
#@ tool muon.57a2c874cb6d09f7aed5fb39a6bd02278df86007a5b04e5623f38f1df8080ab3
#@ tool musl-cross-make.938349c4209476926861e39acca2c48bf84c65df3ad2a6ee974aa1b8f116340e
#@ dep xz.1971ac9005f7ed5eb31807d3a672144152b363dcfbae404d51994e8a02cfbd14
#@ dep zlib.8a40da72f55f5915a5d957716b17345331c0874ba684ce69c09893792713be97
#@ dep zstd.312ff4b4b822d17759c156b82182931012458a50424f292a3d03a3fd3a855974
#@ build sandbox=on set_path=on static=on
set -eu
umask 022
export LC_ALL=C TZ=UTC0 HOME="$tmp" SOURCE_DATE_EPOCH=315619200 PERL_HASH_SEED=0 PYTHONHASHSEED=0
export CC=x86_64-linux-musl-gcc CFLAGS="-O2"
export CXX=x86_64-linux-musl-g++ CXXFLAGS="$CFLAGS"
export CPPFLAGS="" LDFLAGS="-static -s -Wl,--build-id=none" PKG_CONFIG_LIBDIR=""

# Libraries, and what they use in turn: a static library brings nothing along.
deps="
	/versions/zlib.8a40da72f55f5915a5d957716b17345331c0874ba684ce69c09893792713be97
	/versions/xz.1971ac9005f7ed5eb31807d3a672144152b363dcfbae404d51994e8a02cfbd14
	/versions/zstd.312ff4b4b822d17759c156b82182931012458a50424f292a3d03a3fd3a855974
"
for dep in $deps; do
	CPPFLAGS="$CPPFLAGS -I$dep/include"
	LDFLAGS="$LDFLAGS -L$dep/lib"
	PKG_CONFIG_LIBDIR="$PKG_CONFIG_LIBDIR:$dep/lib/pkgconfig"
done

cd "$src/kmod-34.2"

phase_patch() {
	patch -p1 <<'EOF'
A static library that can be linked, nothing outside of the install, an `ln` that busybox has, a shell by its path for
muon: for as long as kmod makes only a shared library.
--- a/meson.build
+++ b/meson.build
@@ -226,11 +226,6 @@
   set_variable(dir_option, customdir)
 endforeach
 
-foreach confdir : [sysconfdir, distconfdir]
-  install_emptydir(confdir / 'depmod.d')
-  install_emptydir(confdir / 'modprobe.d')
-endforeach
-
 _completiondirs = [
   ['bash', 'bash-completion', 'bash-completion' / 'completions', '@0@'],
   ['fish', 'fish',            'fish' / 'vendor_functions.d',     '@0@.fish'],
@@ -421,11 +416,11 @@
 
 install_headers('libkmod/libkmod.h')
 
-libkmod = shared_library(
+libkmod = library(
   'kmod',
   libkmod_files,
   dependencies : libkmod_deps + cdeps,
-  link_with : libshared,
+  objects : libshared.extract_all_objects(recursive : true),
   link_args : ['-Wl,--version-script', meson.current_source_dir() /
                                                   'libkmod/libkmod.sym'],
   link_depends : files('libkmod/libkmod.sym'),
@@ -511,11 +506,11 @@
 
 if get_option('tools')
   mkdir_p = 'mkdir -p "$DESTDIR@0@"'
-  meson.add_install_script('sh', '-c', mkdir_p.format(sbindir))
+  meson.add_install_script('/bin/sh', '-c', mkdir_p.format(sbindir))
 
-  ln_s = 'ln -sfr "$DESTDIR@0@/kmod" "$DESTDIR@1@"'
+  ln_s = 'ln -sf kmod "$DESTDIR@1@"'
   foreach tool : _tools
-    meson.add_install_script('sh', '-c', ln_s.format(bindir, sbindir / tool))
+    meson.add_install_script('/bin/sh', '-c', ln_s.format(bindir, sbindir / tool))
   endforeach
 endif
 
EOF
}

phase_configure() {
	PKG_CONFIG_PATH="$PKG_CONFIG_LIBDIR" muon setup -Dprefix="$out" -Dlibdir=lib -Dbuildtype=plain \
		-Ddefault_library=static -Dprefer_static=true -Dwrap_mode=nodownload -Dwarning_level=0 \
		-Dsysconfdir=/etc -Dsbindir=bin -Ddistconfdir=/lib -Dopenssl=disabled -Dmanpages=false \
		"$tmp/build"
}

phase_build() {
	muon samu -j$jobs -C "$tmp/build"
}

phase_install() {
	cd "$tmp/build"
	muon install
}

echo '#@ phase patch'
phase_patch
echo '#@ phase configure'
phase_configure
echo '#@ phase build'
phase_build
echo '#@ phase install'
phase_install
