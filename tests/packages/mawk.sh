# Fields, arrays, functions.
[ "$(printf 'a 1\nb 2\na 3\n' | mawk '{ sum[$1] += $2 } END { print sum["a"], sum["b"], sprintf("%.2f", atan2(0, -1)) }')" = '4 2 3.14' ]
