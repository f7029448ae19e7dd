# A difference in the unified form, of three files, and of bytes.
printf 'a\nb\n' >x
printf 'a\nc\n' >y
if diff -u x y >xy; then exit 1; fi
grep -qx -- '-b' xy && grep -qx -- '+c' xy
[ "$(diff3 -m x x y | tail -n 1)" = c ]
if cmp -s x y; then exit 1; fi
cmp x x
diff --version | grep -q 'GNU diffutils'
