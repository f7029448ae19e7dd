# A macro that calls itself.
cat >count.m4 <<'M'
define(`count', `$1 ifelse($1, 0, , `count(decr($1))')')count(3)
M
[ "$(m4 count.m4 | tr -d '\n ')" = 3210 ]
