# with: attr
# A copy with links, times and attributes, then only what has changed, then what is gone.
mkdir -p from/sub
seq 1 1000 >from/sub/file
ln -s sub/file from/link
touch -d '2001-02-03 04:05' from/sub/file
setfattr -n user.colour -v blue from/sub/file
rsync -aAX from/ to/
cmp from/sub/file to/sub/file
[ "$(getfattr --only-values -n user.colour to/sub/file)" = blue ]
[ "$(readlink to/link)" = sub/file ]
[ "$(stat -c %Y from/sub/file)" = "$(stat -c %Y to/sub/file)" ]
echo more >from/new
rsync -ai from/ to/ | grep -q '>f.* new$'
rm from/new
rsync -a --delete from/ to/
[ ! -e to/new ]
if rsync --version | grep 'no IPv6'; then exit 1; fi
