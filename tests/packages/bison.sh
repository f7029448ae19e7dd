# A grammar becomes a parser that adds.
cat >sum.y <<-'Y'
	%{
	#include <stdio.h>
	int yylex(void);
	void yyerror(const char *why) { puts(why); }
	%}
	%token N
	%%
	all: sum { printf("%d\n", $1); } ;
	sum: N | sum '+' N { $$ = $1 + $3; } ;
	%%
	int yylex(void) { int c = getchar(); if (c >= '0' && c <= '9') { yylval = c - '0'; return N; } return c == '+' ? c : 0; }
	int main(void) { return yyparse(); }
Y
bison -o sum.c sum.y
bison --version | grep -q "^bison (GNU Bison) 3"
$CC -o sum sum.c
[ "$(echo 1+2+5 | ./sum)" = 8 ]
