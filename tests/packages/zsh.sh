# Many-byte characters, a pattern, modules, and completion functions.
[ "$(zsh -fc 'setopt multibyte; x=äöü; print ${#x} ${(U)x}' )" = '3 ÄÖÜ' ] || [ "$(LC_ALL=C.UTF-8 zsh -fc 'x=äöü; print ${#x}')" = 3 ]
mkdir -p a/b && touch a/b/c.txt
[ "$(zsh -fc 'print **/*.txt(.)')" = a/b/c.txt ]
zsh -fc 'zmodload zsh/regex zsh/mathfunc zsh/net/tcp && [[ ab =~ "^a(.)" ]] && (( sqrt(16) == 4 ))'
[ "$(zsh -fc 'autoload -Uz compinit && compinit -D -u && print $(( ${#_comps} > 1000 ))')" = 1 ]
