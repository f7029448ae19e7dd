# with: openssl ca-certificates
# A history, a clone over http from a server here, and one over https: refused for its certificate, then trusted.
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
# What the TLS server is asked for is a file's name to it, with all that stands behind a question mark.
cp one.git/info/refs 'one.git/info/refs?service=git-upload-pack'
port=$((20000 + $$ % 20000))
busybox httpd -f -p "127.0.0.1:$port" -h . &
http=$!
openssl s_server -quiet -WWW -accept "127.0.0.1:$((port + 1))" -key "$T/tls/key.pem" -cert "$T/tls/cert.pem" >server.log 2>&1 &
https=$!
trap 'kill $http $https' EXIT
sleep 1
export GIT_EXEC_PATH="$P/libexec/git-core"
git clone -q "http://127.0.0.1:$port/one.git" two
cmp one/file two/file
if git ls-remote "https://localhost:$((port + 1))/one.git" 2>why; then exit 1; fi
grep -q 'trust anchor' why
GIT_SSL_CAINFO="$T/tls/cert.pem" git clone -q "https://localhost:$((port + 1))/one.git" three
cmp one/file three/file
[ "$(git -C three rev-parse HEAD)" = "$(git -C one rev-parse HEAD)" ]
