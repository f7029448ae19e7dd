# By name, size and time, with a command, and xargs in groups.
mkdir -p a/b
echo text >a/b/big
touch a/empty
[ "$(find a -type f -size +0 -printf '%f %s\n')" = 'big 5' ]
[ "$(find a -name 'e*' -exec basename {} +)" = empty ]
[ "$(seq 1 5 | xargs -n 2 echo | wc -l)" = 3 ]
