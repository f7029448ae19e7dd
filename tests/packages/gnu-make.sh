# Rules, functions, and a job server that takes two at a time.
printf 'all: $(patsubst %%,%%.out,a b)\n%%.out:\n\t@echo made $* >$@\n' >Makefile
make -s -j2
[ "$(cat a.out b.out | tr '\n' ' ')" = 'made a made b ' ]
make -q
if make -s nothing 2>/dev/null; then exit 1; fi
