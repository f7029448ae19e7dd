# Fields, arrays, functions, and what only this one has: sorted walks and gensub.
[ "$(printf 'a 1\nb 2\na 3\n' | gawk '{ sum[$1] += $2 } END { print sum["a"], sum["b"], sprintf("%.2f", atan2(0, -1)) }')" = '4 2 3.14' ]
[ "$(gawk 'BEGIN { a[3]; a[1]; a[2]; PROCINFO["sorted_in"] = "@ind_num_desc"; for (i in a) printf i; print gensub(/(.)(.)/, "\\2\\1", 1, "xy") }')" = 321yx ]
