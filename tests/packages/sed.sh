# Addresses, hold space, in place, extended expressions.
seq 1 5 >file
sed -i -E '2,3s/([0-9])/<\1>/' file
[ "$(tr '\n' ' ' <file)" = '1 <2> <3> 4 5 ' ]
[ "$(seq 1 3 | sed -n '1!G;h;$p' | tr '\n' ' ')" = '3 2 1 ' ]
sed --version | grep -q 'GNU sed'
