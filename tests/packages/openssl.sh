# Known sums, a signature that holds and one that does not, and a TLS handshake.
[ "$(printf abc | openssl dgst -sha256 -r | cut -c1-8)" = ba7816bf ]
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout key.pem -out cert.pem -days 2 -subj /CN=x 2>/dev/null
openssl pkey -in key.pem -pubout -out public.pem
echo text >file
openssl dgst -sha256 -sign key.pem -out signature file
openssl dgst -sha256 -verify public.pem -signature signature file | grep -q OK
echo other >file
if openssl dgst -sha256 -verify public.pem -signature signature file >/dev/null 2>&1; then exit 1; fi
port=$((20000 + $$ % 20000))
openssl s_server -quiet -accept "127.0.0.1:$port" -key key.pem -cert cert.pem -www >server.log 2>&1 </dev/null &
server=$!
trap 'kill $server' EXIT
sleep 1
openssl s_client -connect "127.0.0.1:$port" -CAfile cert.pem -verify_return_error </dev/null 2>&1 | grep -q 'Verification: OK'
