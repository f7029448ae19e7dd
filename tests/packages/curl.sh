# with: bearssl ca-certificates
# A page over TLS from a server here: refused with the packaged authorities, fetched with the server's own certificate.
port=$((20000 + $$ % 20000))
serve() {
	printf 'HTTP/1.0 200 OK\r\nContent-Length: 7\r\n\r\na page\n' |
		brssl server -q -b 127.0.0.1 -p "$port" -key "$T/tls/key.pem" -cert "$T/tls/cert.pem" >server.log 2>&1 &
	server=$!
	sleep 1
}
trap 'kill $server 2>/dev/null' EXIT
serve
status=0
curl -sS -m 20 "https://localhost:$port/page" >got 2>why || status=$?
[ "$status" = 60 ]
grep -q 'trust anchor' why
kill "$server" 2>/dev/null || true
port=$((port + 1))
serve
[ "$(curl -sS -m 20 --cacert "$T/tls/cert.pem" "https://localhost:$port/page")" = 'a page' ]
