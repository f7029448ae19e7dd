# Blocks, variables, a loop and a pipeline, without a shell.
[ "$(execlineb -c 'define x world foreground { echo hello } echo $x')" = 'hello
world' ]
[ "$(execlineb -c 'forx i { a b } importas -u i i echo $i' | tr '\n' ' ')" = 'a b ' ]
[ "$(execlineb -c 'pipeline { echo one } tr o 0')" = 0ne ]
if execlineb -c 'if { false } echo no'; then exit 1; fi
