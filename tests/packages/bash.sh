# What only bash has: arrays, regular expressions, process substitution, and line editing is in.
[ "$(bash -c 'declare -A a=([x]=1 [y]=2); [[ "k=v" =~ ^(.)=(.)$ ]] && echo "${BASH_REMATCH[2]} ${a[y]} $(cat <(echo in))"')" = 'v 2 in' ]
bash -c 'bind -l' | grep -q '^beginning-of-line$'
