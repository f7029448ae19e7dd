# Many-byte characters, a pattern, modules, children waited for, and completion functions.
[ "$(zsh -fc 'setopt multibyte; x=äöü; print ${#x} ${(U)x}' )" = '3 ÄÖÜ' ] || [ "$(LC_ALL=C.UTF-8 zsh -fc 'x=äöü; print ${#x}')" = 3 ]
mkdir -p a/b && touch a/b/c.txt
[ "$(zsh -fc 'print **/*.txt(.)')" = a/b/c.txt ]
zsh -fc 'zmodload zsh/regex zsh/mathfunc zsh/net/tcp && [[ ab =~ "^a(.)" ]] && (( sqrt(16) == 4 ))'
modules='attr clone curses files mapfile mathfunc nearcolor param/private regex net/socket stat system net/tcp watch zftp
	zprof zpty zselect zle complete computil zutil terminfo datetime'
zsh -fc 'for module in $=1; do zmodload "zsh/$module" || exit; done' zsh "$modules"
# A shell that misses the end of a child waits for ever.
[ "$(timeout 60 zsh -fc 'repeat 1000 n=$(( n + $(print 1) )); print $n')" = 1000 ]
[ "$(zsh -fc 'autoload -Uz compinit && compinit -D -u && print $(( ${#_comps} > 1000 ))')" = 1 ]
