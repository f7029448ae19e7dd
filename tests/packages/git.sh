# with: openssl ca-certificates
# A history, and a clone over http and over https from servers here.
git init -q -b main one
cd one
git config user.name nobody
git config user.email nobody@localhost
echo text >file
git add file
git commit -qm first
echo more >>file
git diff --stat | grep -q '1 insertion'
git commit -qam second
[ "$(git log --oneline | wc -l)" = 2 ]
cd ..
git clone -q --bare one one.git
git --git-dir=one.git update-server-info
port=$((20000 + $$ % 20000))
busybox httpd -f -p "127.0.0.1:$port" -h . &
http=$!
openssl s_server -quiet -accept "127.0.0.1:$((port + 1))" -key "$T/tls/key.pem" -cert "$T/tls/cert.pem" -WWW >server.log 2>&1 </dev/null &
https=$!
trap 'kill $http $https' EXIT
sleep 1
export GIT_EXEC_PATH="$P/libexec/git-core"
git clone -q "http://127.0.0.1:$port/one.git" two
cmp one/file two/file
GIT_SSL_CAINFO=$T/tls/cert.pem git ls-remote "https://localhost:$((port + 1))/one.git" | grep -q refs/heads/main
