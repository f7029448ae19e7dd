# A script with functions, arithmetic and a here-document.
cat >script <<-'S'
	fib() { [ "$1" -lt 2 ] && echo "$1" || echo $(($(fib $(($1 - 1))) + $(fib $(($1 - 2))))); }
	cat <<E
	$(fib 10) ${1#x}
	E
S
[ "$(dash script xy)" = '55 y' ]
if dash -c 'echo ${'; then exit 1; fi 2>/dev/null
