# The tree of three files, as text and as JSON.
mkdir -p top/sub
touch top/a top/sub/b
tree --noreport top | grep -q '`-- b'
tree -J top | grep -q '"name":"sub"'
