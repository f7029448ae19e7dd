# Contexts, back references, recursion, and its exit status.
mkdir dir
printf 'one\nabab\nthree\n' >dir/file
grep -rE '(ab)\1' dir | grep -qx 'dir/file:abab'
[ "$(grep -c -v b dir/file)" = 2 ]
[ "$(grep -A1 abab dir/file | tail -n 1)" = three ]
if grep -q four dir/file; then exit 1; fi
