# A patch goes on, and comes off again.
printf 'a\nb\nc\n' >file
cp file before
printf -- '--- x/file\n+++ y/file\n@@ -1,3 +1,3 @@\n a\n-b\n+B\n c\n' >change
patch -s -p1 <change
[ "$(sed -n 2p file)" = B ]
patch -s -R -p1 <change
cmp file before
