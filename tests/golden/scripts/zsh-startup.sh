#!/bin/sh
#@ pthbs 1
#@ name zsh-startup
#@ version 1
#@ system x86_64-linux
#@ target x86_64-linux-musl
#@ tool busybox.8efcb74ad6e490a3e3b3afb675e98af0888ccd530fe1c3268a5324f5e63387fe
#@ tool gnu-make.258e9f5c018ee9e96336e71b7afadfb9f6d941966aabcbaaa77ef587463bf5f4
#@ build sandbox=on set_path=on static=on
set -eu
umask 022
export LC_ALL=C TZ=UTC0 HOME="$tmp" SOURCE_DATE_EPOCH=315619200 PERL_HASH_SEED=0 PYTHONHASHSEED=0

cd "$tmp"

phase_build() {
	cat >Makefile <<'EOF'
# A bracket would need quoting in zsh, and nobody completes it.
APPLETS := $(filter-out [ [[,$(shell busybox --list))
COLORFUL := linux|xterm*|screen*|tmux*

all: zshrc _busybox

%: %.in
	sed -e 's/@APPLETS@/$(APPLETS)/' -e 's/@COLORFUL@/$(COLORFUL)/' $< >$@
	! grep '@[A-Z]*@' $@

install: all
	mkdir -p $(PREFIX)/etc $(PREFIX)/share/zsh/site-functions
	cp zshrc $(PREFIX)/etc/zshrc
	cp _busybox $(PREFIX)/share/zsh/site-functions/_busybox
EOF
	cat >zshrc.in <<'EOF'
# For every interactive zsh of this environment; what is in ~/.zshrc comes after it.
setopt hist_ignore_dups interactive_comments
HISTSIZE=10000
bindkey -e
case $TERM in
	(@COLORFUL@) PROMPT='%F{green}%n@%m%f %F{blue}%~%f %# ' ;;
	(*) PROMPT='%n@%m %~ %# ' ;;
esac

# -D: a dump in the home directory would be stale after each switch.
autoload -Uz compinit && compinit -D
zstyle ':completion:*' menu select
zstyle ':completion:*' matcher-list '' 'm:{a-z}={A-Z}'
EOF
	cat >_busybox.in <<'EOF'
#compdef busybox
# `busybox APPLET ARGUMENT...`: the applet's name, then what zsh knows of a program of that name.
local -a applets=(@APPLETS@)
if (( CURRENT == 2 )); then
	compadd -a applets
else
	shift words
	(( CURRENT-- ))
	_normal
fi
EOF
	make
}

phase_install() {
	make PREFIX="$out" install
}

echo '#@ phase build'
phase_build
echo '#@ phase install'
phase_install
