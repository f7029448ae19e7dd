# The host's gcc makes a program that is static and has musl inside: it knows the error of a call with musl's words.
if [ ! -x /usr/bin/gcc ]; then
	echo 'no gcc on this machine'
	exit 77
fi
cat >hello.c <<'END'
#include <errno.h>
#include <stdio.h>
#include <string.h>
int main(void) { return puts(strerror(EILSEQ)) < 0; }
END
PATH=$PATH:/usr/bin x86_64-linux-musl-gcc -O2 -o hello hello.c
[ "$(./hello)" = 'Illegal byte sequence' ]
if grep -q ld-linux hello; then exit 1; fi
