#!/bin/sh
#@ pthbs 1
#@ name ca-certificates
#@ version 20250419
#@ system x86_64-linux
#@ target x86_64-linux-musl
#@ source sha256:33b44ef78653ecd3f0f2f13e5bba6be466be2e7da72182f737912b81798ba5d2 ca-certificates_20250419.tar.xz
#@ tool busybox.8efcb74ad6e490a3e3b3afb675e98af0888ccd530fe1c3268a5324f5e63387fe
#@ tool gnu-make.258e9f5c018ee9e96336e71b7afadfb9f6d941966aabcbaaa77ef587463bf5f4
#@ build sandbox=on set_path=on static=on
set -eu
umask 022
export LC_ALL=C TZ=UTC0 HOME="$tmp" SOURCE_DATE_EPOCH=315619200 PERL_HASH_SEED=0 PYTHONHASHSEED=0

cd "$src/ca-certificates_20250419"

phase_build() {
	cat >bundle.awk <<'EOF'
# Makes a PEM bundle of certdata.txt: every certificate that Mozilla trusts to vouch for servers.
#
# An object is a run of attributes that begins with CKA_CLASS; binary ones are lines of octal escapes. A certificate and
# what it is trusted for are two objects, bound by issuer and serial number.

BEGIN {
	for (i = 0; i < 64; i++)
		digit[i] = substr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", i + 1, 1)
}

/^CKA_CLASS / { finish(); class = $3 }
/^CKA_LABEL / { label = $0; sub(/^[^"]*"/, "", label); sub(/"[^"]*$/, "", label) }
/^CKA_TRUST_SERVER_AUTH / { trust = $3 }
/ MULTILINE_OCTAL$/ {
	text = ""
	while ((getline line) > 0 && line != "END")
		text = text line
	value[$1] = text
}

END {
	finish()
	for (i = 1; i <= count; i++)
		if (trusted[key[i]] == "CKT_NSS_TRUSTED_DELEGATOR")
			printf "# %s\n-----BEGIN CERTIFICATE-----\n%s-----END CERTIFICATE-----\n", name[i], base64(der[i])
}

function finish(    id) {
	id = value["CKA_ISSUER"] " " value["CKA_SERIAL_NUMBER"]
	if (class == "CKO_CERTIFICATE") {
		key[++count] = id
		name[count] = label
		der[count] = value["CKA_VALUE"]
	} else if (class == "CKO_NSS_TRUST")
		trusted[id] = trust
	split("", value)
	trust = ""
}

function base64(octal,    bytes, byte, n, i, bits, line, text) {
	n = split(substr(octal, 2), bytes, "\\\\")
	for (i = 1; i <= n; i += 3) {
		bits = number(bytes[i]) * 65536
		bits += i + 1 <= n ? number(bytes[i + 1]) * 256 : 0
		bits += i + 2 <= n ? number(bytes[i + 2]) : 0
		line = line digit[int(bits / 262144)] digit[int(bits / 4096) % 64]
		line = line (i + 1 <= n ? digit[int(bits / 64) % 64] : "=") (i + 2 <= n ? digit[bits % 64] : "=")
		if (length(line) == 64) {
			text = text line "\n"
			line = ""
		}
	}
	return line == "" ? text : text line "\n"
}

function number(octal) {
	return substr(octal, 1, 1) * 64 + substr(octal, 2, 1) * 8 + substr(octal, 3, 1)
}
EOF
	awk -f bundle.awk mozilla/certdata.txt >cert.pem
}

phase_check() {
	# awk goes on after many a mistake.
	test "$(grep -c '^-----BEGIN CERTIFICATE-----$' cert.pem)" -gt 100
}

phase_install() {
	mkdir -p "$out/etc/ssl/certs"
	cp cert.pem "$out/etc/ssl/"
	ln -s ../cert.pem "$out/etc/ssl/certs/ca-certificates.crt"
}

echo '#@ phase build'
phase_build
echo '#@ phase check'
phase_check
echo '#@ phase install'
phase_install
