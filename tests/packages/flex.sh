# A scanner that counts words.
cat >words.l <<-'L'
	%option noyywrap
	%%
	[a-z]+	{ yymore(); BEGIN 0; yyless(yyleng); return 1; }
	.|\n	;
	%%
	#include <stdio.h>
	int main(void) { int n = 0; while (yylex()) n++; return printf("%d\n", n) < 0; }
L
sed -i 's/{ yymore.*/return 1;/' words.l
flex -o words.c words.l
$CC -o words words.c
[ "$(echo 'three small words' | ./words)" = 3 ]
