# A program formats a number with the library.
cat >number.c <<-'C'
	#include <skalibs/buffer.h>
	#include <skalibs/types.h>
	int main(void) { char text[UINT_FMT]; buffer_put(buffer_1, text, uint_fmt(text, 4711)); return !buffer_flush(buffer_1); }
C
$CC -o number number.c -lskarnet
[ "$(./number)" = 4711 ]
