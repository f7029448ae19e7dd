#!/bin/sh
#@ pthbs 1
#@ name hello-files
#@ version 1
#@ system x86_64-linux
#@ target x86_64-linux-musl
#@ tool busybox.41bc048f48ba0e789be895ffececc8683f1212e158914dbd40d9c0988e1e6a59
#@ tool gnu-make.30c99319c195e2495ca25fcfd7b87f30ec4d414a1e7fea56a25d59cee9ef9fca
#@ build sandbox=on set_path=on static=on
set -eu
umask 022
export LC_ALL=C TZ=UTC0 HOME="$tmp" SOURCE_DATE_EPOCH=315619200 PERL_HASH_SEED=0 PYTHONHASHSEED=0

cd "$src"

phase_install() {
	put() { mkdir -p "$(dirname "$out/$2")"; cat >"$out/$2"; chmod "$1" "$out/$2"; }
	put 644 etc/greeting <<'EOF'
hello,

$HOME is where `it` is  
EOF
	put 644 'etc/it'\''s here/two' <<'EOF1'
EOF
$out `id`
EOF1
	put 755 bin/hello <<'EOF'
#!/bin/sh
echo hello
EOF
}

echo '#@ phase install'
phase_install
