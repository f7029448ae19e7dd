# with: zsh
# An interactive zsh begins with it.
[ -f "$P/etc/zshrc" ]
zsh -fc 'source "$1/etc/zshrc"; print ok' zsh "$P" >got 2>why
grep -q ok got
