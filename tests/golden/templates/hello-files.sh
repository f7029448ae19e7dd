#!/bin/sh
#@ pthbs 1
#@ name hello-files
#@ version 1
#@ system x86_64-linux
#@ target x86_64-linux-musl
#@ tool busybox.8efcb74ad6e490a3e3b3afb675e98af0888ccd530fe1c3268a5324f5e63387fe
#@ tool gnu-make.258e9f5c018ee9e96336e71b7afadfb9f6d941966aabcbaaa77ef587463bf5f4
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
