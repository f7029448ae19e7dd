# with: openssl
# Each certificate of the bundle can be read, and among them are well-known ones.
bundle=$P/etc/ssl/cert.pem
[ "$(grep -c '^-----BEGIN' "$bundle")" -gt 100 ]
grep -q 'ISRG Root X1' "$bundle"
openssl crl2pkcs7 -nocrl -certfile "$bundle" | openssl pkcs7 -print_certs -noout | grep -c '^subject' >count
[ "$(cat count)" = "$(grep -c '^-----BEGIN' "$bundle")" ]
