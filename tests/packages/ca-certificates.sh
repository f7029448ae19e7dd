# with: bearssl
# A reader of certificates takes each of the bundle, and among them are well-known ones.
bundle=$P/etc/ssl/cert.pem
[ "$(grep -c '^-----BEGIN' "$bundle")" -gt 100 ]
grep -q 'ISRG Root X1' "$bundle"
[ "$(brssl ta "$bundle" 2>/dev/null | grep -c 'char TA[0-9]*_DN\[\]')" = "$(grep -c '^-----BEGIN' "$bundle")" ]
