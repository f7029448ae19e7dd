# with: openssl ca-certificates
# A page over TLS from a server here: refused with the packaged authorities, fetched with the server's own one.
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout key.pem -out cert.pem -days 2 \
	-subj /CN=localhost -addext subjectAltName=DNS:localhost,IP:127.0.0.1 2>/dev/null
port=$((20000 + $$ % 20000))
echo 'a page' >page
openssl s_server -quiet -accept "127.0.0.1:$port" -key key.pem -cert cert.pem -WWW >server.log 2>&1 </dev/null &
server=$!
trap 'kill $server' EXIT
sleep 1
status=0
curl -sS "https://localhost:$port/page" >got 2>why || status=$?
[ "$status" = 60 ]
[ "$(curl -sS --cacert cert.pem "https://localhost:$port/page")" = 'a page' ]
curl -sS --cacert cert.pem -o page2 "https://127.0.0.1:$port/page"
cmp page page2
