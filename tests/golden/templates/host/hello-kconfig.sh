#!/bin/sh
#@ pthbs 1
#@ name hello-kconfig
#@ version 1
#@ system x86_64-linux
#@ target x86_64-linux-musl
#@ source sha256:c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00c0ffee03 hello-kconfig-1.tar.gz
#@ tool musl.8d0d08264dd13eef1db9313d7fa0926dd9a6804da47d43457cafebcdde447414
#@ build sandbox=host set_path=on static=on
set -eu
umask 022
export LC_ALL=C TZ=UTC0 HOME="$tmp" SOURCE_DATE_EPOCH=315619200 PERL_HASH_SEED=0 PYTHONHASHSEED=0
export CC=x86_64-linux-musl-gcc CFLAGS="-O2"
export CPPFLAGS="" LDFLAGS="-static -s -Wl,--build-id=none" PKG_CONFIG_LIBDIR=""

cd "$src/hello-kconfig-1"

phase_configure() {
	make  defconfig
	cat >config.wanted <<'EOF'
# CONFIG_COLOR is not set
CONFIG_NAME="it's"
CONFIG_STATIC=y
EOF
	# Each symbol once: whether the first or the last line counts depends on the program. What is asked about anew gets
	# its default.
	mv .config config.default
	sed -e 's/^# //' -e 's/[ =].*//' config.wanted >config.symbols
	grep -vwFf config.symbols config.default | cat - config.wanted >.config
	yes '' | make  oldconfig >config.log
	# A symbol whose dependencies are not met is dropped without a word.
	while read -r line; do
		symbol=${line#'# '} symbol=${symbol%%[ =]*}
		case $line in
			'#'*) ! grep "^$symbol=" .config ;;
			*) grep -qxF "$line" .config ;;
		esac || { echo "configuration: $symbol did not take" >&2; exit 1; }
	done <config.wanted
}

phase_build() {
	make
}

phase_install() {
	cp .config "$out/config"
}

echo '#@ phase configure'
phase_configure
echo '#@ phase build'
phase_build
echo '#@ phase install'
phase_install
