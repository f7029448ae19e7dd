# Keys are made, and a client and a server here agree on a connection.
dropbearkey -t ed25519 -f host >/dev/null 2>&1
dropbearkey -t ed25519 -f "$HOME/key" 2>/dev/null | grep '^ssh-ed25519' >public
[ -s public ] && [ -s host ]
port=$((20000 + $$ % 20000))
dropbear -F -E -r host -p "127.0.0.1:$port" >server.log 2>&1 &
server=$!
trap 'kill $server' EXIT
sleep 1
# It gets as far as the host's key: an account that has the client's key is not at hand.
dbclient -y -p "$port" -i "$HOME/key" nobody@127.0.0.1 true >client.log 2>&1 </dev/null || true
grep -q 'ssh-ed25519 fingerprint' client.log
grep -qi 'connection from 127.0.0.1' server.log
