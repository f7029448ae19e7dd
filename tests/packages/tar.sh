# An archive with a link, unpacked elsewhere, and one in a compressed form is told apart.
mkdir in out
echo text >in/file
ln -s file in/link
tar -cf all.tar in
tar -xf all.tar -C out
cmp in/file out/in/file
[ "$(readlink out/in/link)" = file ]
[ "$(tar -tvf all.tar | wc -l)" = 3 ]
tar --version | grep -q 'GNU tar'
